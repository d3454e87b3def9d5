package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const longestCreate = 2 * time.Minute

// server is an API server, and who we are to it.
type server struct {
	url      string
	client   *http.Client
	watching *http.Client
}

// connect reads who we are; it talks to nobody yet.
func connect(kubeconfig string) (*server, error) {
	var config struct {
		Clusters []struct {
			Cluster struct {
				Server    string
				Authority []byte `json:"certificate-authority-data"`
			}
		}
		Users []struct {
			User struct {
				Certificate []byte `json:"client-certificate-data"`
				Key         []byte `json:"client-key-data"`
			}
		}
	}
	text, err := os.ReadFile(kubeconfig)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, fmt.Errorf("%s: %w", kubeconfig, err)
	}
	user := config.Users[0].User
	pair, err := tls.X509KeyPair(user.Certificate, user.Key)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(config.Clusters[0].Cluster.Authority)
	secure := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}
	return &server{config.Clusters[0].Cluster.Server, client(secure), client(secure)}, nil
}

// client has connections of its own.
func client(secure *tls.Config) *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:    secure,
		ForceAttemptHTTP2:  true,
		DisableCompression: true,
	}}
}

func (to *server) run(asked job) (*outcome, error) {
	began := time.Now()
	var gates *gates
	if asked.Watch != "" {
		var err error
		if gates, err = to.watch(asked, began); err != nil {
			return nil, err
		}
		defer gates.stop()
	}
	done := &outcome{Answers: to.createAll(asked, began), Opened: map[string]int64{}}
	if gates != nil {
		var err error
		longest := time.Duration(asked.Seconds * float64(time.Second))
		if done.Opened, err = gates.wait(done.Answers, longest); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// createAll keeps so many creates under way, or begins so many a second.
func (to *server) createAll(asked job, began time.Time) []answer {
	answers := make([]answer, asked.Count)
	var next atomic.Int64
	var all sync.WaitGroup
	for range asked.AtOnce {
		all.Go(func() {
			for {
				number := int(next.Add(1)) - 1
				if number >= asked.Count {
					return
				}
				if asked.PerSecond > 0 {
					due := time.Duration(float64(number) / asked.PerSecond * float64(time.Second))
					time.Sleep(time.Until(began.Add(due)))
				}
				path := asked.Paths[number%len(asked.Paths)]
				answers[number] = to.createOne(path, asked.Body, began)
			}
		})
	}
	all.Wait()
	return answers
}

func (to *server) createOne(path string, body []byte, began time.Time) answer {
	made := answer{Sent: time.Since(began).Microseconds()}
	patience, over := context.WithTimeout(context.Background(), longestCreate)
	defer over()
	request, err := http.NewRequestWithContext(
		patience, http.MethodPost, to.url+path, bytes.NewReader(body))
	if err == nil {
		made.Status, made.Object, err = to.send(request)
	}
	made.Answered = time.Since(began).Microseconds()
	if err == nil && !json.Valid(made.Object) {
		err = fmt.Errorf("no JSON: %.200q", made.Object)
	}
	if err != nil {
		made.Error, made.Object = err.Error(), nil
	}
	return made
}

func (to *server) send(request *http.Request) (int, []byte, error) {
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	response, err := to.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, text, err
}
