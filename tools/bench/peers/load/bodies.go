package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// A Text has places into which the number of a review is written, in hexadecimal digits: names,
// uids, and what makes one pod differ from the next.
type text struct {
	Text  string `json:"text"`
	Slots []slot `json:"slots"`
}

type slot struct {
	At    int `json:"at"`
	Width int `json:"width"`
}

// A Body is what is posted, and the answer that must come: byte for byte, or with `Within` as a
// part of it, for servers that say more.
type body struct {
	Body   text `json:"body"`
	Answer text `json:"answer"`
	Within bool `json:"within"`
}

func readBodies(file string) ([]body, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var bodies []body
	if err := json.Unmarshal(content, &bodies); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(bodies) == 0 {
		return nil, fmt.Errorf("%s holds no body", file)
	}
	return bodies, nil
}

// numbered appends the text with the number in its slots.
func (t text) numbered(to []byte, number uint64) []byte {
	start := len(to)
	to = append(to, t.Text...)
	for _, slot := range t.Slots {
		rest := number
		for at := start + slot.At + slot.Width - 1; at >= start+slot.At; at-- {
			to[at] = "0123456789abcdef"[rest&15]
			rest >>= 4
		}
	}
	return to
}

// check says what is wrong with an answer.
func (b body) check(answer []byte, number uint64) error {
	expected := b.Answer.numbered(nil, number)
	if b.Within && bytes.Contains(answer, expected) {
		return nil
	}
	if bytes.Equal(answer, expected) {
		return nil
	}
	return fmt.Errorf("wrong answer to review %d: %.2000q instead of %.2000q", number, answer, expected)
}
