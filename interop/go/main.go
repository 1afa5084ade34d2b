// Command interop checks the log of a folder with programs that were not written for it: the note
// verifier of golang.org/x/mod and the fsck of Tessera.
//
// Usage: interop <folder of the log> <file with the verifier key>
//
// The folder is the one that holds log/ (or log/ itself). It exits with 0 when both accept the log,
// 1 when one refuses it or a file cannot be read, 2 for wrong arguments.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: interop <folder of the log> <file with the verifier key>")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintf(os.Stderr, "refused: %v\n", err)
		os.Exit(1)
	}
}

func check(folder, keyFile string) error {
	if inner := filepath.Join(folder, "log"); isFolder(inner) {
		folder = inner
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		return fmt.Errorf("key %s: %w", keyFile, err)
	}
	size, err := openCheckpoint(filepath.Join(folder, "checkpoint"), verifier)
	if err != nil {
		return fmt.Errorf("sumdb/note: %w", err)
	}
	fmt.Printf("sumdb/note: accepted, %s leaves, signed by %s\n", size, verifier.Name())

	fetcher := countingFetcher{FileFetcher: client.FileFetcher{Root: folder}}
	start := time.Now()
	job := fsck.New(verifier.Name(), verifier, &fetcher, leafHashes, fsck.Opts{N: uint(runtime.NumCPU())})
	if err := finish(job, &fetcher); err != nil {
		return fmt.Errorf("tessera fsck: %w", err)
	}
	fmt.Printf("tessera fsck: accepted, %s leaves in %v\n", size, time.Since(start).Round(time.Millisecond))
	return nil
}

// stalledAfter is how long fsck may go without reading a file.
const stalledAfter = 15 * time.Second

// countingFetcher shows whether fsck still reads.
type countingFetcher struct {
	client.FileFetcher
	reads atomic.Uint64
}

func (f *countingFetcher) ReadTile(ctx context.Context, l, i uint64, p uint8) ([]byte, error) {
	f.reads.Add(1)
	return f.FileFetcher.ReadTile(ctx, l, i, p)
}

func (f *countingFetcher) ReadEntryBundle(ctx context.Context, i uint64, p uint8) ([]byte, error) {
	f.reads.Add(1)
	return f.FileFetcher.ReadEntryBundle(ctx, i, p)
}

// finish waits for the verdict of fsck. Its workers end at the first tile that differs; once all have
// ended, nobody takes from its queue and it waits for ever. So silence is a refusal.
func finish(job *fsck.Fsck, fetcher *countingFetcher) error {
	verdict := make(chan error, 1)
	go func() { verdict <- job.Check(context.Background()) }()
	for seen := fetcher.reads.Load(); ; {
		select {
		case err := <-verdict:
			return err
		case <-time.After(stalledAfter):
			now := fetcher.reads.Load()
			if now == seen {
				return fmt.Errorf("stopped reading after %d files: tiles do not agree with the entries", now)
			}
			seen = now
		}
	}
}

// openCheckpoint verifies the note alone, before anything else reads it.
func openCheckpoint(path string, verifier note.Verifier) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	opened, err := note.Open(raw, note.VerifierList(verifier))
	if err != nil {
		return "", err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return "", fmt.Errorf("checkpoint text is not origin, size, root of the log %s", verifier.Name())
	}
	return lines[1], nil
}

// leafHashes hashes the entries of one bundle as RFC 6962 says.
func leafHashes(raw []byte) ([][]byte, error) {
	var bundle api.EntryBundle
	if err := bundle.UnmarshalText(raw); err != nil {
		return nil, err
	}
	hashes := make([][]byte, 0, len(bundle.Entries))
	for _, entry := range bundle.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
