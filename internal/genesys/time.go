package genesys

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Time asks the platform's login host what time it is there: an answer's Date
// header, to the second. It is no API call and carries no credentials, so it
// may be asked although no window is open.
func (c *Client) Time(ctx context.Context) (time.Time, error) {
	ctx, watch := startWatch(ctx, c.cfg.Timeout)
	defer watch.end()
	host := c.login.url.JoinPath("..", "..").String()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, host, nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask the platform for the time: %w", err)
	}
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	resp, err := c.login.http.Do(req) // which follows no redirect: its own Date will do
	if err != nil {
		return time.Time{}, fmt.Errorf("ask the platform for the time: %w", watch.cause(plain(err)))
	}
	defer resp.Body.Close()
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}, fmt.Errorf("ask the platform for the time: %w: no Date header", ErrBadAnswer)
	}
	c.cfg.Observe(at)
	return at, nil
}
