package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const ticksPerSecond = 100 // what Linux counts CPU time in, on every machine

// A Report is what load prints. Latencies are in milliseconds; `Late` is by how much reviews were
// sent after the intended time, which their latency includes.
type report struct {
	Reviews      int                `json:"reviews"`
	Seconds      float64            `json:"seconds"`
	PerSecond    float64            `json:"per_second"`
	Latency      map[string]float64 `json:"latency_ms"`
	Late         map[string]float64 `json:"late_ms"`
	ServerCPU    float64            `json:"server_cpu_seconds"`
	GeneratorCPU float64            `json:"generator_cpu_seconds"`
}

func summary(asked options, senders []*sender, measured *usage) *report {
	var latencies, late []time.Duration
	for _, each := range senders {
		latencies = append(latencies, each.latencies...)
		late = append(late, each.late...)
	}
	seconds := measured.seconds
	return &report{
		Reviews:      len(latencies),
		Seconds:      seconds,
		PerSecond:    float64(len(latencies)) / seconds,
		Latency:      percentiles(latencies),
		Late:         percentiles(late),
		ServerCPU:    measured.server,
		GeneratorCPU: measured.generator,
	}
}

func percentiles(of []time.Duration) map[string]float64 {
	found := map[string]float64{}
	if len(of) == 0 {
		return found
	}
	slices.Sort(of)
	for _, percent := range []float64{50, 90, 99, 99.9} {
		at := min(int(percent/100*float64(len(of))), len(of)-1)
		found["p"+strconv.FormatFloat(percent, 'f', -1, 64)] = of[at].Seconds() * 1000
	}
	found["max"] = of[len(of)-1].Seconds() * 1000
	return found
}

// A Usage is the CPU time of the server and of this process between two moments.
type usage struct {
	pid               int
	began             time.Time
	seconds           float64
	server, generator float64
}

func (u *usage) begin() error {
	server, own, err := u.now()
	u.began, u.server, u.generator = time.Now(), -server, -own
	return err
}

func (u *usage) end() error {
	server, own, err := u.now()
	u.seconds = time.Since(u.began).Seconds()
	u.server += server
	u.generator += own
	return err
}

func (u *usage) now() (server, own float64, err error) {
	if u.pid != 0 {
		if server, err = cpuSeconds(u.pid); err != nil {
			return 0, 0, err
		}
	}
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return 0, 0, err
	}
	return server, float64(self.Utime.Nano()+self.Stime.Nano()) / 1e9, nil
}

// cpuSeconds are the user and system time of a process with all its threads.
func cpuSeconds(pid int) (float64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(content), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, content)
	}
	total := 0.0
	for _, field := range fields[11:13] {
		ticks, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return 0, err
		}
		total += ticks / ticksPerSecond
	}
	return total, nil
}
