package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const betweenLooks = 5 * time.Millisecond

type event struct {
	Type   string
	Object struct {
		Metadata struct{ UID, ResourceVersion string }
		Spec     struct{ SchedulingGates []struct{ Name string } }
		Message  string
	}
}

// gates holds the microsecond at which each pod was first seen without the gate.
type gates struct {
	to     *server
	asked  job
	began  time.Time
	body   io.ReadCloser
	at     string // the resourceVersion that was seen last
	lock   sync.Mutex
	opened map[string]int64
	failed error
	over   bool
}

// watch returns once the API server has begun to answer: whatever is created after it is seen.
func (to *server) watch(asked job, began time.Time) (*gates, error) {
	found := &gates{to: to, asked: asked, began: began, opened: map[string]int64{}}
	if err := found.open(); err != nil {
		return nil, err
	}
	go found.follow()
	return found, nil
}

func (found *gates) open() error {
	path := found.asked.Watch
	if found.at != "" {
		path += "&resourceVersion=" + found.at
	}
	request, err := http.NewRequest(http.MethodGet, found.to.url+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	// Its own connection: on a shared one it would wait for the answers to creates.
	response, err := found.to.watching.Do(request)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return fmt.Errorf("GET %s: %s", path, response.Status)
	}
	found.body = response.Body
	return nil
}

// follow reads until it is stopped. An API server ends a watch that it finds slow; as every client
// does, it then goes on where it was.
func (found *gates) follow() {
	for {
		err := found.read()
		found.lock.Lock()
		over := found.over
		found.lock.Unlock()
		if !over && errors.Is(err, io.EOF) {
			err = found.open()
		}
		if over || err != nil {
			found.lock.Lock()
			found.failed = err
			found.lock.Unlock()
			return
		}
	}
}

func (found *gates) read() error {
	events := bufio.NewReaderSize(found.body, 1<<20)
	for {
		line, err := events.ReadBytes('\n')
		seen := time.Since(found.began).Microseconds()
		if err != nil {
			return io.EOF
		}
		var each event
		if err := json.Unmarshal(line, &each); err != nil {
			return err
		}
		if each.Type == "ERROR" {
			return fmt.Errorf("the watch says: %s", each.Object.Message)
		}
		found.at = each.Object.Metadata.ResourceVersion
		if each.Type == "DELETED" || holds(each, found.asked.Gate) {
			continue
		}
		found.lock.Lock()
		if _, known := found.opened[each.Object.Metadata.UID]; !known {
			found.opened[each.Object.Metadata.UID] = seen
		}
		found.lock.Unlock()
	}
}

func holds(each event, gate string) bool {
	for _, held := range each.Object.Spec.SchedulingGates {
		if held.Name == gate {
			return true
		}
	}
	return false
}

// wait returns what is open when as many are as were made, or when the time is up.
func (found *gates) wait(answers []answer, longest time.Duration) (map[string]int64, error) {
	made := 0
	for _, each := range answers {
		if each.Status == http.StatusCreated {
			made++
		}
	}
	for deadline := time.Now().Add(longest); time.Now().Before(deadline); time.Sleep(betweenLooks) {
		found.lock.Lock()
		done := len(found.opened) >= made || found.failed != nil
		found.lock.Unlock()
		if done {
			break
		}
	}
	found.lock.Lock()
	defer found.lock.Unlock()
	found.over = true
	opened := make(map[string]int64, len(found.opened))
	for uid, at := range found.opened {
		opened[uid] = at
	}
	return opened, found.failed
}

func (found *gates) stop() { found.body.Close() }
