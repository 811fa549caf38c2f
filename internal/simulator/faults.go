package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Faults are the rates, in [0, 1] per request, at which the platform misbehaves.
// A rate under 1 never hits the same request (route and item) more than
// MaxConsecutive times in a row, so that a client that retries gets through; at
// 1 it always hits.
type Faults struct {
	TooManyRequests     float64 // 429 with Retry-After
	TooManyRequestsBare float64 // 429 without it
	ServerError         float64 // 500, 502, 503 or 504; on media 503 SlowDown
	DropJSON            float64 // connection closed inside the answer, whose effect remains
	DropMedia           float64 // full Content-Length, connection closed before the end
	TruncateMedia       float64 // Content-Length of the shortened body: only the container says more
	HTML200             float64 // an HTML error page with status 200, on API, login and media
	ExpiredURL          float64 // a media URL is dead from then on: 403 in S3's XML
	RevokedToken        float64 // the request's token is revoked first: 401
	ExpiredJob          float64 // a details job is EXPIRED from then on, its results 404; so is an export job, and a file that was made ready
	RepeatPage          float64 // a page of results whose cursor leads to the same page again
	EmptyPage           float64 // a page without conversations, with a cursor that leads to them
	Slow                float64 // an answer that starts after SlowFor

	SlowFor        time.Duration // default 200ms
	RetryAfter     time.Duration // of TooManyRequests, whole seconds; default 1s
	MaxConsecutive int           // default 3
}

// fault is what goes wrong with one request.
type fault int

const (
	none fault = iota
	tooManyRequests
	tooManyRequestsBare
	serverError
	dropJSON
	dropMedia
	truncateMedia
	html200
	expiredURL
	revokedToken
	expiredJob
	repeatPage
	emptyPage
	slow
	faultCount
)

var faultNames = [faultCount]string{"", "429", "429-bare", "5xx", "drop-json", "drop-media", "truncate-media", "html-200",
	"expired-url", "revoked-token", "expired-job", "repeat-page", "empty-page", "slow"}

// allRates are those of the keyword all.
var allRates = [faultCount]float64{0, 0.05, 0.02, 0.05, 0.03, 0.05, 0.03, 0.02, 0.03, 0.01, 0.02, 0.05, 0.05, 0.02}

func (f *Faults) rate(k fault) *float64 {
	return [faultCount]*float64{new(float64), &f.TooManyRequests, &f.TooManyRequestsBare, &f.ServerError, &f.DropJSON, &f.DropMedia,
		&f.TruncateMedia, &f.HTML200, &f.ExpiredURL, &f.RevokedToken, &f.ExpiredJob, &f.RepeatPage, &f.EmptyPage, &f.Slow}[k]
}

// ParseFaults reads a list such as "429=0.05,drop-media=0.1,slow=0.02:200ms".
// The keyword all stands for every fault at a moderate rate, all=0.1 for every
// fault at that rate; what follows in the list changes single ones. 429 takes
// its Retry-After, and slow its delay, after a colon.
func ParseFaults(list string) (Faults, error) {
	var f Faults
	for entry := range strings.SplitSeq(list, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		name, value, valued := strings.Cut(entry, "=")
		value, delay, delayed := strings.Cut(value, ":")
		rate, err := strconv.ParseFloat(value, 64)
		if valued && (err != nil || !(rate >= 0 && rate <= 1)) {
			return Faults{}, fmt.Errorf("fault %q: the rate must be a number from 0 to 1", entry)
		}
		if name == "all" {
			for k := tooManyRequests; k < faultCount; k++ {
				*f.rate(k) = allRates[k]
				if valued {
					*f.rate(k) = rate
				}
			}
			continue
		}
		k := slices.Index(faultNames[:], name)
		if k <= 0 {
			return Faults{}, fmt.Errorf("fault %q is unknown; there are all, %s", name, strings.Join(faultNames[1:], ", "))
		}
		if !valued {
			return Faults{}, fmt.Errorf("fault %q needs a rate, as in %s=0.05", entry, name)
		}
		*f.rate(fault(k)) = rate
		if delayed {
			d, err := time.ParseDuration(delay)
			switch {
			case err != nil || d <= 0:
				return Faults{}, fmt.Errorf("fault %q: %q is not a duration such as 200ms", entry, delay)
			case fault(k) == slow:
				f.SlowFor = d
			case fault(k) == tooManyRequests:
				f.RetryAfter = d
			default:
				return Faults{}, fmt.Errorf("fault %q takes no duration", entry)
			}
		}
	}
	return f, nil
}

// String gives what ParseFaults reads.
func (f Faults) String() string {
	var list []string
	for k := tooManyRequests; k < faultCount; k++ {
		rate := *f.rate(k)
		if rate == 0 {
			continue
		}
		entry := faultNames[k] + "=" + strconv.FormatFloat(rate, 'g', -1, 64)
		switch {
		case k == slow && f.SlowFor > 0:
			entry += ":" + f.SlowFor.String()
		case k == tooManyRequests && f.RetryAfter > 0:
			entry += ":" + f.RetryAfter.String()
		}
		list = append(list, entry)
	}
	return strings.Join(list, ",")
}

// injector decides which requests are hit. The decision is a function of seed,
// item and how often the item was asked for since its first hit, so that it does
// not hang on the order in which concurrent requests arrive. Only items that
// were hit are remembered.
type injector struct {
	seed uint64
	set  atomic.Pointer[Faults]

	mu       sync.Mutex
	items    map[uint64]attempts
	injected map[string]int64
}

type attempts struct{ made, hits uint32 }

func newInjector(seed uint64, f Faults) *injector {
	in := &injector{seed: seed, items: map[uint64]attempts{}, injected: map[string]int64{}}
	in.use(f)
	return in
}

func (in *injector) use(f Faults) {
	def(&f.SlowFor, 200*time.Millisecond)
	def(&f.RetryAfter, time.Second)
	def(&f.MaxConsecutive, 3)
	in.set.Store(&f)
}

// pick gives the first of the kinds that hits, or none. A counted item is
// remembered from the first request on: it is for routes without items, which
// would else be hit at their first request or never.
func (in *injector) pick(item string, counted bool, kinds ...fault) fault {
	f := in.set.Load()
	var rates [faultCount]float64
	sum := 0.0
	for _, k := range kinds {
		rates[k] = *f.rate(k)
		sum += rates[k]
	}
	if sum == 0 {
		return none
	}
	key := hash(in.seed, 'f', uint64(kinds[0]))
	for _, v := range []byte(item) {
		key = mix(key ^ uint64(v))
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	seen, known := in.items[key]
	hit := none
	for _, k := range kinds {
		if rates[k] < 1 && int(seen.hits) >= f.MaxConsecutive {
			continue
		}
		if below(hash(in.seed, key, uint64(k), uint64(seen.made)), rates[k]) {
			hit = k
			break
		}
	}
	if hit == none && !known && !counted {
		return none
	}
	seen.made++
	seen.hits++
	if hit == none {
		seen.hits = 0
	} else {
		in.injected[faultNames[hit]]++
	}
	in.items[key] = seen
	return hit
}

func (in *injector) counts() map[string]int64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	return maps.Clone(in.injected)
}

// inject picks a fault for an item and notes it for the log.
func (s *Server) inject(r *http.Request, item string, kinds ...fault) fault {
	k := s.faults.pick(item, false, kinds...)
	exchangeOf(r).note(k)
	return k
}
