package main

import (
	"math/rand"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var dialer = net.Dialer{Timeout: patience}

// A Sender has a connection, and the latencies of what was sent on it.
type sender struct {
	connection *connection
	latencies  []time.Duration
	late       []time.Duration
}

// A Pace hands out the reviews of a run: which comes next, when, and when it is over.
type pace struct {
	asked    options
	bodies   []body
	next     atomic.Int64
	arrivals []time.Duration // open loop: when each is to be sent, from the start
	start    time.Time
	from, to time.Duration // what is sent in between counts
	failed   atomic.Pointer[error]
}

func run(asked options, bodies []body) (*report, error) {
	pace := &pace{asked: asked, bodies: bodies, from: asked.warmUp, to: asked.warmUp + asked.measured}
	if asked.rate > 0 {
		pace.arrivals = arrivals(asked.rate, pace.to)
	}
	senders, err := connected(asked)
	if err != nil {
		return nil, err
	}
	measured := &usage{pid: asked.pid}
	pace.start = time.Now()
	var running sync.WaitGroup
	for _, each := range senders {
		running.Go(func() { pace.drive(each) })
	}
	if asked.count == 0 {
		time.Sleep(time.Until(pace.start.Add(pace.from)))
	}
	if err := measured.begin(); err != nil {
		return nil, err
	}
	if asked.count == 0 && asked.rate == 0 {
		time.Sleep(time.Until(pace.start.Add(pace.to)))
	} else {
		running.Wait() // all that was to be sent counts, also when its answer came late
	}
	if err := measured.end(); err != nil {
		return nil, err
	}
	running.Wait()
	if failed := pace.failed.Load(); failed != nil {
		return nil, *failed
	}
	return summary(asked, senders, measured), nil
}

func connected(asked options) ([]*sender, error) {
	senders := make([]*sender, asked.connections)
	for number := range senders {
		connection, err := dial(asked)
		if err != nil {
			return nil, err
		}
		senders[number] = &sender{connection: connection}
	}
	return senders, nil
}

// arrivals are those of a Poisson process, the same at each call.
func arrivals(rate float64, until time.Duration) []time.Duration {
	random := rand.New(rand.NewSource(1))
	var found []time.Duration
	for at := 0.0; at < until.Seconds(); at += random.ExpFloat64() / rate {
		found = append(found, time.Duration(at*float64(time.Second)))
	}
	return found
}

// drive sends reviews on one connection until the run is over.
func (p *pace) drive(s *sender) {
	defer func() { s.connection.close() }()
	for {
		number := p.next.Add(1) - 1
		intended, over := p.intended(number)
		if over || p.failed.Load() != nil {
			return
		}
		if err := p.send(s, number); err != nil {
			p.failed.CompareAndSwap(nil, &err)
			return
		}
		done := time.Since(p.start)
		counts := done >= p.from && done < p.to // closed loop: what ends within the time
		if p.arrivals != nil {
			counts = intended >= p.from
		}
		if counts || p.asked.count > 0 {
			s.latencies = append(s.latencies, done-intended)
		}
	}
}

// intended waits until a review is to be sent, and returns that moment.
func (p *pace) intended(number int64) (time.Duration, bool) {
	now := time.Since(p.start)
	if p.arrivals == nil {
		if p.asked.count > 0 {
			return now, number >= int64(p.asked.count)
		}
		return now, now >= p.to
	}
	if number >= int64(len(p.arrivals)) {
		return 0, true
	}
	if pause := p.arrivals[number] - now; pause > 0 {
		// Go's own timers are a millisecond late when nothing else runs.
		kernel := syscall.NsecToTimespec(pause.Nanoseconds())
		for syscall.Nanosleep(&kernel, &kernel) == syscall.EINTR {
		}
	}
	return p.arrivals[number], false
}

func (p *pace) send(s *sender, number int64) error {
	if p.arrivals != nil {
		s.late = append(s.late, time.Since(p.start)-p.arrivals[number])
	}
	what := p.bodies[number%int64(len(p.bodies))]
	if p.asked.reconnect {
		s.connection.close()
		anew, err := dial(p.asked)
		if err != nil {
			return err
		}
		s.connection = anew
	}
	return s.connection.post(what, p.asked.first+uint64(number))
}
