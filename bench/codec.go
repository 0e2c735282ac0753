package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

//go:embed codec.lua
var codecScript string

// codecSize is how much JSON is decoded and encoded.
const codecSize = 10 << 20

// codecMeasures measure the processor time of JSON, compared with encoding/json and its
// trees of maps and lists.
func codecMeasures(ctx context.Context, b *built) []*measure {
	text := objects(codecSize)
	return []*measure{{
		name: "10 MB of objects",
		quantities: []quantity{
			{name: ", decoded", unit: seconds, goals: map[string]goal{"encoding/json": atMost(0.8)}},
			{name: ", encoded", unit: seconds, goals: map[string]goal{"encoding/json": atMost(0.4)}},
		},
		ours:  func() ([]float64, error) { return measureCodec(ctx, b, text) },
		peers: []rival{{"encoding/json", func() ([]float64, error) { return measureGoJSON(text) }}},
	}}
}

// objects is a list of objects with eight fields.
func objects(size int) string {
	var b strings.Builder
	b.WriteByte('[')
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"name":"device %d","serial":"SN-%08d-%d","location":"rack %d, slot %d",`+
			`"tags":["lab","spare"],"online":%t,"load":%.2f,"owner":null}`,
			i, i, i*7919, i, i%40, i%7, i%2 == 0, float64(i%100)/100)
	}
	b.WriteByte(']')
	return b.String()
}

func measureCodec(ctx context.Context, b *built, text string) ([]float64, error) {
	if err := b.write("objects.json", text); err != nil {
		return nil, err
	}
	if err := b.write("codec.lua", codecScript); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, b.avescript, filepath.Join(b.dir, "codec.lua"), filepath.Join(b.dir, "objects.json")).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("codec.lua: %w\n%.2000s", err, out)
	}
	times := make([]float64, 2)
	_, err = fmt.Sscan(string(out), &times[0], &times[1])
	return times, err
}

func measureGoJSON(text string) ([]float64, error) {
	var value any
	decode, err := processorTime(func() error { return json.Unmarshal([]byte(text), &value) })
	if err != nil {
		return nil, err
	}
	encode, err := processorTime(func() error {
		_, err := json.Marshal(value)
		return err
	})
	return []float64{decode, encode}, err
}

// processorTime is what this process uses while fn runs.
func processorTime(fn func() error) (float64, error) {
	runtime.GC()
	used := func() float64 {
		var usage unix.Rusage
		_ = unix.Getrusage(unix.RUSAGE_SELF, &usage)
		return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
	}
	begin := used()
	err := fn()
	return used() - begin, err
}
