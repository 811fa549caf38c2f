package genesys

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// region is one of the platform's regions: an organization lives in exactly
// one, and its OAuth clients are known nowhere else.
type region struct {
	aws  string // AWS region
	host string // domain below which the API and login hosts lie
}

var regions = [...]region{
	{"us-east-1", "mypurecloud.com"},
	{"us-east-2", "use2.us-gov-pure.cloud"},
	{"us-west-2", "usw2.pure.cloud"},
	{"ca-central-1", "cac1.pure.cloud"},
	{"sa-east-1", "sae1.pure.cloud"},
	{"mx-central-1", "mxc1.pure.cloud"},
	{"eu-west-1", "mypurecloud.ie"},
	{"eu-west-2", "euw2.pure.cloud"},
	{"eu-central-1", "mypurecloud.de"},
	{"eu-central-2", "euc2.pure.cloud"},
	{"me-central-1", "mec1.pure.cloud"},
	{"ap-south-1", "aps1.pure.cloud"},
	{"ap-southeast-1", "apse1.pure.cloud"},
	{"ap-southeast-2", "mypurecloud.com.au"},
	{"ap-northeast-1", "mypurecloud.jp"},
	{"ap-northeast-2", "apne2.pure.cloud"},
	{"ap-northeast-3", "apne3.pure.cloud"},
}

// lookup finds a region by its AWS name or by its host, with or without
// "api.", "login." or "apps." before it.
func lookup(name string) (region, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	host := name
	for _, prefix := range []string{"https://", "api.", "login.", "apps."} {
		host = strings.TrimPrefix(host, prefix)
	}
	host = strings.TrimSuffix(host, "/")
	for _, r := range regions {
		if r.aws == name || r.host == host {
			return r, nil
		}
	}
	var known []string
	for _, r := range regions {
		known = append(known, r.aws+" ("+r.host+")")
	}
	slices.Sort(known)
	return region{}, fmt.Errorf("region %q is none of the platform's; known are %s", name, strings.Join(known, ", "))
}

// AWSRegion gives the AWS region in which the organizations of a region lie,
// for a region named as in [Config].
func AWSRegion(name string) (string, error) {
	r, err := lookup(name)
	return r.aws, err
}

// endpoints says where the API and the login lie.
func endpoints(cfg Config) (api, login *url.URL, aws string, err error) {
	apiURL, loginURL := cfg.APIURL, cfg.LoginURL
	if cfg.Region != "" {
		r, err := lookup(cfg.Region)
		if err != nil {
			return nil, nil, "", err
		}
		aws = r.aws
		if apiURL == "" {
			apiURL = "https://api." + r.host
		}
		if loginURL == "" {
			loginURL = "https://login." + r.host
		}
	}
	if apiURL == "" || loginURL == "" {
		return nil, nil, "", fmt.Errorf("no region given, and not both an API URL and a login URL")
	}
	if api, err = baseURL(apiURL); err != nil {
		return nil, nil, "", fmt.Errorf("API URL: %w", err)
	}
	if login, err = baseURL(loginURL); err != nil {
		return nil, nil, "", fmt.Errorf("login URL: %w", err)
	}
	return api, login, aws, nil
}

func baseURL(s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(s, "/"))
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL", s)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q must be a scheme, a host and at most a path", u.Redacted())
	}
	return u, secure(u)
}

// secure refuses what would travel in the clear: plain HTTP is for loopback
// addresses alone.
func secure(u *url.URL) error {
	host := u.Hostname()
	switch {
	case host == "":
		return errors.New("the URL names no host")
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return fmt.Errorf("scheme %q of host %s is neither https nor http", u.Scheme, host)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("plain http is for loopback addresses alone, and %s is none: use https", host)
}
