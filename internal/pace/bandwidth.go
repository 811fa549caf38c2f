package pace

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

var bandwidth = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?(kbit|Mbit|Gbit|kB|MB|GB)/s$`)

var bytesPer = map[string]float64{
	"kbit": 1e3 / 8, "Mbit": 1e6 / 8, "Gbit": 1e9 / 8, "kB": 1e3, "MB": 1e6, "GB": 1e9,
}

// Less than this and signed URLs would expire before their turn.
const least = 1e6 / 8

// ParseBandwidth reads a bandwidth such as 50Mbit/s as bytes per second. The
// unit is never left out: bits are sold, and bytes are counted.
func ParseBandwidth(text string) (bytesPerSecond int64, err error) {
	m := bandwidth.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is not a bandwidth; write one such as 50Mbit/s, or 6MB/s", text)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil || n*bytesPer[m[2]] > 1e12 {
		return 0, fmt.Errorf("%q is more than any line has; write one such as 50Mbit/s", text)
	}
	if n *= bytesPer[m[2]]; n < least {
		return 0, fmt.Errorf("%q is too little: the platform's URLs would expire before their turn; write at least 1Mbit/s", text)
	}
	return int64(math.Round(n)), nil
}

// Bandwidth prints bytes per second as [ParseBandwidth] reads them; "" for 0.
func Bandwidth(bytesPerSecond int64) string {
	if bytesPerSecond == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(bytesPerSecond)*8/1e6, 'f', -1, 64) + "Mbit/s"
}
