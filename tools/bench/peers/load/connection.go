package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"time"
)

const patience = 30 * time.Second

// A Connection sends one review after the other.
type connection struct {
	asked   options
	stream  *tls.Conn
	reader  *bufio.Reader
	request []byte
	content []byte
	answer  bytes.Buffer
}

// dial returns when the handshake is done.
func dial(asked options) (*connection, error) {
	plain, err := dialer.Dial("tcp", asked.address)
	if err != nil {
		return nil, err
	}
	stream := tls.Client(plain, asked.tls)
	if err := stream.Handshake(); err != nil {
		plain.Close()
		return nil, err
	}
	return &connection{asked: asked, stream: stream, reader: bufio.NewReaderSize(stream, 64*1024)}, nil
}

// post sends the review with this number and checks the answer.
func (c *connection) post(what body, number uint64) error {
	c.content = what.Body.numbered(c.content[:0], number)
	c.request = fmt.Appendf(c.request[:0], "POST %s HTTP/1.1\r\nHost: localhost\r\n"+
		"User-Agent: kube-apiserver-admission\r\nContent-Length: %d\r\n"+
		"Accept: application/json, */*\r\nContent-Type: application/json\r\n"+
		"Accept-Encoding: gzip\r\n\r\n", c.asked.path, len(c.content))
	c.request = append(c.request, c.content...)
	if err := c.stream.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := c.stream.Write(c.request); err != nil {
		return fmt.Errorf("review %d: %w", number, err)
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return fmt.Errorf("review %d: %w", number, err)
	}
	defer response.Body.Close()
	c.answer.Reset()
	if _, err := io.Copy(&c.answer, response.Body); err != nil {
		return fmt.Errorf("review %d: %w", number, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("review %d: status %d: %.300s", number, response.StatusCode, c.answer.Bytes())
	}
	return what.check(c.answer.Bytes(), number)
}

func (c *connection) close() { c.stream.Close() }
