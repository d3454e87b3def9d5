// Command load posts AdmissionReviews to one server over TLS, as an API server does, and says in
// JSON how long the answers took. It checks every answer; a wrong one voids what it measured.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

// Options say what is asked, of whom, how often and for how long.
type options struct {
	address, authority, path, bodies string
	connections                      int
	rate                             float64
	warmUp, measured                 time.Duration
	count                            int
	first                            uint64
	pid                              int
	reconnect                        bool
	tls                              *tls.Config
}

func main() {
	asked := parse()
	bodies, err := readBodies(asked.bodies)
	stop(err)
	asked.tls, err = trusting(asked.authority)
	stop(err)
	if asked.rate > 0 {
		// Senders sleep in the kernel, each on a thread of its own.
		runtime.GOMAXPROCS(4)
	}
	found, err := run(asked, bodies)
	stop(err)
	stop(json.NewEncoder(os.Stdout).Encode(found))
}

func parse() options {
	var asked options
	flag.StringVar(&asked.address, "address", "", "host:port of the server")
	flag.StringVar(&asked.authority, "ca", "", "PEM file of the authority that signed for `localhost`")
	flag.StringVar(&asked.path, "path", "/", "path and query of the reviews")
	flag.StringVar(&asked.bodies, "bodies", "", "JSON file with a list of bodies; see bodies.go")
	flag.IntVar(&asked.connections, "connections", 8, "connections")
	flag.Float64Var(&asked.rate, "rate", 0, "arrivals a second (open loop); 0 sends as fast as answers come")
	flag.DurationVar(&asked.warmUp, "warm-up", 100*time.Millisecond, "time before the measured one")
	flag.DurationVar(&asked.measured, "for", time.Second, "measured time")
	flag.IntVar(&asked.count, "count", 0, "reviews to send, instead of a time")
	flag.Uint64Var(&asked.first, "first", 1, "number of the first review; it makes bodies differ")
	flag.IntVar(&asked.pid, "pid", 0, "process whose CPU time is read before and after")
	flag.BoolVar(&asked.reconnect, "reconnect", false, "a new connection for each review")
	flag.Parse()
	return asked
}

func trusting(file string) (*tls.Config, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return &tls.Config{
		RootCAs:    pool,
		ServerName: "localhost",
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{"http/1.1"}, // API servers speak nothing newer to webhooks
	}, nil
}

func stop(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
