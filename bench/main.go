// Command bench measures an export of recordings: throughput against rclone
// and against a bare loop of GET, SHA-256 and PUT in the same run, or peak
// memory. bench/README.md says what the figures mean.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"exitplan/internal/config"
	"exitplan/internal/simulator"
	"exitplan/internal/sink/s3server"
)

const transfers = 32

var (
	recordings = flag.Int("n", 4000, "recordings, about")
	size       = flag.Int64("bytes", 64<<10, "mean size of a recording")
	rounds     = flag.Int("rounds", 3, "rounds of each contestant, interleaved")
	memory     = flag.Bool("memory", false, "measure the exporter alone, for its peak memory")
	toDir      = flag.Bool("dir", false, "export to a directory instead of the S3 server (with -memory)")
)

func main() {
	flag.Parse()
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal("bench: ", err)
	}
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "exitplan-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "exitplan")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/exitplan").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	server, err := s3server.Run(ctx, s3server.Options{Dir: filepath.Join(dir, "s3")})
	if err != nil {
		return err
	}
	defer server.Stop()
	b := &bench{dir: dir, program: program, server: server}
	if *memory {
		m, err := b.export(ctx, 0)
		if err != nil {
			return err
		}
		fmt.Printf("%d recordings of %d bytes: peak RSS %.1f MiB, %.1f s, %.1f s CPU\n", b.objects, *size, m.rss, m.wall, m.cpu)
		return nil
	}
	return b.compare(ctx)
}

type bench struct {
	dir, program string
	server       *s3server.Server
	objects      int
	bytes        int64
}

// measure is one run of a contestant: seconds, and MiB of peak memory.
type measure struct{ wall, cpu, rss float64 }

// timed runs a command to its end.
func timed(cmd *exec.Cmd) (measure, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return measure{}, fmt.Errorf("%s: %w\n%s", cmd.Path, err, out.String())
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return measure{time.Since(began).Seconds(), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(),
		float64(usage.Maxrss) / 1024}, nil
}

// export runs the real program against a fresh simulated organization.
func (b *bench) export(ctx context.Context, round int) (measure, error) {
	const days, recorded = 10, 0.8
	perDay := int(float64(*recordings) / days / recorded)
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	sim, err := simulator.Start(ctx, simulator.Config{
		Seed: 7, From: from, Days: days, ConversationsPerDay: perDay, RecordedShare: recorded, SecondRecordingShare: -1,
		SeveralResultsShare: -1, MediaBytes: *size, RequestsPerMinute: -1, JobLatency: time.Millisecond, BatchLatency: time.Millisecond, Now: time.Now,
	})
	if err != nil {
		return measure{}, err
	}
	defer sim.Close()
	name := fmt.Sprintf("export-%d", round)
	values := map[string]string{
		"contract.time_zone": "Etc/UTC", "contract.subscription_start": "2021-04-01", "contract.exit_started": "2026-01-01",
		"contract.termination_date": "2099-12-31", "source.region": "us-east-2", "source.client_id": "demo-client",
		"source.api_url": sim.URL(), "source.login_url": sim.URL(), "source.interval.from": from.Format(time.DateOnly),
		"source.interval.to": from.AddDate(0, 0, days-1).Format(time.DateOnly), "source.requests_per_minute": "60000", "source.headroom": "0%",
		"recordings.metadata": "derived", "export_id": name, "destination.url": b.server.URL() + "/x",
		"destination.endpoint": b.server.Endpoint, "destination.path_style": "true", "state": filepath.Join(b.dir, name),
	}
	if *toDir {
		values["destination.url"], values["destination.endpoint"] = "file://"+filepath.Join(b.dir, "out"), ""
	}
	file := filepath.Join(b.dir, name+".yaml")
	if err := os.WriteFile(file, []byte(config.Template(values)), 0o600); err != nil {
		return measure{}, err
	}
	cmd := exec.CommandContext(ctx, b.program, "--config", file, "--quiet", "export")
	cmd.Env = append(b.env(), "EXITPLAN_SOURCE_CLIENT_SECRET=demo-secret")
	m, err := timed(cmd)
	b.objects = int(sim.Counts().MediaCompleted)
	return m, err
}

func (b *bench) env() []string {
	env := os.Environ()
	for _, kv := range b.server.Env() {
		env = append(env, kv[0]+"="+kv[1])
	}
	return env
}

// compare interleaves the contestants and prints medians and ratios.
func (b *bench) compare(ctx context.Context) error {
	results := map[string][]measure{}
	contestants := []string{"exitplan", "rclone", "bare loop"}
	if _, err := exec.LookPath("rclone"); err != nil {
		log.Print("rclone is not installed: left out")
		contestants = []string{"exitplan", "bare loop"}
	}
	var source string
	for round := range *rounds {
		for _, name := range contestants {
			var m measure
			var err error
			switch name {
			case "exitplan":
				if m, err = b.export(ctx, round); err == nil && source == "" {
					source, err = b.serveMedia(ctx)
				}
			case "rclone":
				m, err = b.rclone(ctx, source, round)
			default:
				m, err = b.bare(ctx, source, round)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			results[name] = append(results[name], m)
		}
	}
	median := func(name string, of func(measure) float64) float64 {
		var list []float64
		for _, m := range results[name] {
			list = append(list, of(m))
		}
		slices.Sort(list)
		return list[len(list)/2]
	}
	wall := func(m measure) float64 { return m.wall }
	fmt.Printf("%d recordings, %.1f MB, %d at once, median of %d rounds\n", b.objects, float64(b.bytes)/1e6, transfers, *rounds)
	for _, name := range contestants {
		w := median(name, wall)
		fmt.Printf("%-10s %7.2f s  %7.0f objects/s  %7.1f MB/s  %6.2f s CPU  exitplan is %.2f times as fast\n", name, w,
			float64(b.objects)/w, float64(b.bytes)/1e6/w, median(name, func(m measure) float64 { return m.cpu }), w/median("exitplan", wall))
	}
	return nil
}

// serveMedia serves what the first export stored, in one flat folder, so that
// the others copy the very same bytes from an even simpler server.
func (b *bench) serveMedia(ctx context.Context) (string, error) {
	flat := filepath.Join(b.dir, "media")
	if err := os.Mkdir(flat, 0o755); err != nil {
		return "", err
	}
	err := filepath.WalkDir(filepath.Join(b.dir, "s3", "buckets"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "conversation_id=") || strings.HasSuffix(path, ".json") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		b.bytes += info.Size()
		return os.Link(path, filepath.Join(flat, d.Name()))
	})
	if err != nil {
		return "", err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	files := &http.Server{Handler: http.FileServer(http.Dir(flat))}
	context.AfterFunc(ctx, func() { files.Close() })
	go func() { _ = files.Serve(l) }()
	return "http://" + l.Addr().String() + "/", nil
}

func (b *bench) rclone(ctx context.Context, source string, round int) (measure, error) {
	cmd := exec.CommandContext(ctx, "rclone", "copy", "--config", "/dev/null", "--http-url", source, ":http:", fmt.Sprintf(":s3:%s/rclone-%d", b.server.Bucket, round),
		"--transfers", fmt.Sprint(transfers), "--checkers", fmt.Sprint(transfers), "--s3-provider", "Other", "--s3-endpoint", b.server.Endpoint,
		"--s3-access-key-id", b.server.AccessKey, "--s3-secret-access-key", b.server.SecretKey, "--s3-region", b.server.Region,
		"--s3-force-path-style", "--s3-no-check-bucket")
	// rclone's S3 client refuses to start where this is set.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "AWS_CA_BUNDLE=") })
	return timed(cmd)
}

// bare is the least that any such program must do, in this process.
func (b *bench) bare(ctx context.Context, source string, round int) (measure, error) {
	client := s3.New(s3.Options{Region: b.server.Region, BaseEndpoint: aws.String(b.server.Endpoint), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(b.server.AccessKey, b.server.SecretKey, ""),
		HTTPClient:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: transfers}}})
	get := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: transfers}}
	entries, err := os.ReadDir(filepath.Join(b.dir, "media"))
	if err != nil {
		return measure{}, err
	}
	began, cpu := time.Now(), cpuSeconds()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(transfers)
	for _, e := range entries {
		group.Go(func() error {
			resp, err := get.Get(source + e.Name())
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(body)
			_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.server.Bucket, Key: aws.String(fmt.Sprintf("bare-%d/%s", round, e.Name())),
				Body: bytes.NewReader(body), ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum[:]))})
			return err
		})
	}
	err = group.Wait()
	// Its CPU time has the file server's in it, which runs in this process.
	return measure{wall: time.Since(began).Seconds(), cpu: cpuSeconds() - cpu}, err
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
