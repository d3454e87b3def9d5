// Command create sends objects to an API server and says what came back, and when. Pods wait at a
// gate: it also sees, by a watch and by the same clock, when theirs is gone.
//
// Jobs come from standard input, one JSON object a line; each is answered by one line. Connections
// stay open from job to job. It judges nothing: whoever asked reads the objects that were stored.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// job says how many objects are created, and where; each path has its turn. With a watch, it is
// also seen when the gate of each pod goes, until all are gone or so many seconds have passed.
type job struct {
	Paths     []string        `json:"paths"`
	Body      json.RawMessage `json:"body"`
	Count     int             `json:"count"`
	AtOnce    int             `json:"atOnce"`
	PerSecond float64         `json:"perSecond"`
	Watch     string          `json:"watch"`
	Gate      string          `json:"gate"`
	Seconds   float64         `json:"seconds"`
}

// answer is one create: microseconds since the job began, and the object or what went wrong.
type answer struct {
	Sent     int64           `json:"sent"`
	Answered int64           `json:"answered"`
	Status   int             `json:"status"`
	Error    string          `json:"error,omitempty"`
	Object   json.RawMessage `json:"object,omitempty"`
}

// outcome is everything about a job; opened has the uid of each pod whose gate was seen to be gone.
type outcome struct {
	Answers []answer         `json:"answers"`
	Opened  map[string]int64 `json:"opened"`
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "in JSON, with the certificates in it")
	flag.Parse()
	to, err := connect(*kubeconfig)
	if err == nil {
		err = serve(to, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve does one job after the other, until there are no more.
func serve(to *server, from io.Reader, said io.Writer) error {
	jobs := json.NewDecoder(bufio.NewReaderSize(from, 1<<20))
	answers := json.NewEncoder(said)
	answers.SetEscapeHTML(false)
	for {
		var asked job
		if err := jobs.Decode(&asked); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("a job is one JSON object: %w", err)
		}
		done, err := to.run(asked)
		if err != nil {
			return err
		}
		if err := answers.Encode(done); err != nil {
			return err
		}
	}
}
