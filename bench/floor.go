package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"github.com/klauspost/compress/zstd"
	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// floorArg makes this program the floor of rows 7 and 8: the least that a client in Go does to have the output
// compressed on the disk, with the same libraries. It knows no configuration, no jobs and no database, and what runs when
// it is killed goes on. What a peer is ahead of the floor no work of ours gains.
const floorArg = "floor"

// floorBlock is what is compressed at a time, as our blocks are.
const floorBlock = 256 << 10

func (g *ground) sendFloor(n, lines int) measured {
	return g.sending(lines, func(print string) program {
		self, err := os.Executable()
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		return program{args: append([]string{self, floorArg, g.servers[0].User, g.key.Path, g.config + knownHosts, filepath.Join(g.dir, "floor"), print}, g.endpoints[:n]...)}
	})
}

// floor runs a command on all hosts at once: arguments are user, key, known hosts, folder of the output, command, hosts
// with ports.
func floor(args []string) error {
	if len(args) < 6 {
		return errors.New("floor: user, key, known hosts, folder, command and hosts are needed")
	}
	user, folder, command, hosts := args[0], args[3], args[4], args[5:]
	text, err := os.ReadFile(args[1]) // #nosec G703 -- the bench's own
	if err != nil {
		return err
	}
	key, err := gossh.ParsePrivateKey(text)
	if err != nil {
		return err
	}
	known, err := knownhosts.New(args[2])
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil { // #nosec G703 -- the bench's own
		return err
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)))
	if err != nil {
		return err
	}
	config := &gossh.ClientConfig{
		User: user, Auth: []gossh.AuthMethod{gossh.PublicKeys(key)},
		HostKeyCallback: known, HostKeyAlgorithms: []string{gossh.KeyAlgoED25519},
	}
	config.Ciphers = []string{gossh.CipherAES128GCM}
	config.KeyExchanges = []string{gossh.KeyExchangeCurve25519}
	errs := make([]error, len(hosts))
	var all sync.WaitGroup
	for i, host := range hosts {
		all.Go(func() { errs[i] = fetch(host, config, command, filepath.Join(folder, strconv.Itoa(i)), enc) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// fetch has the command's output in a file, compressed in blocks on another goroutine.
func fetch(host string, config *gossh.ClientConfig, command, path string, enc *zstd.Encoder) (err error) {
	client, err := gossh.Dial("tcp", host, config)
	if err != nil {
		return err
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	stdout, err := session.StdoutPipe()
	if err != nil {
		return err
	}
	f, err := os.Create(path) // #nosec G304 -- the bench's own
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := session.Start(command); err != nil {
		return err
	}
	const blocks = 4
	free, full := make(chan []byte, blocks), make(chan []byte, blocks)
	for range blocks {
		free <- make([]byte, floorBlock)
	}
	written := make(chan error, 1)
	go func() {
		var packed []byte
		var failed error
		for block := range full {
			packed = enc.EncodeAll(block, packed[:0])
			_, err := f.Write(packed)
			failed = errors.Join(failed, err)
			free <- block[:floorBlock]
		}
		written <- failed
	}()
	for {
		block := <-free
		n, err := io.ReadFull(stdout, block)
		full <- block[:n]
		if err != nil {
			break
		}
	}
	close(full)
	return errors.Join(<-written, session.Wait())
}
