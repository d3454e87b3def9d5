//go:build tools

// Package tools names the commands that run and check queries, so that "go mod tidy" keeps them.
package tools

import (
	_ "github.com/prometheus/prometheus/cmd/prometheus"
	_ "github.com/prometheus/prometheus/cmd/promtool"
)
