package fabric

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
)

// canaryThrough asks the canary of a place through a proxy.
func canaryThrough(t *testing.T, f *Fabric, proxy *url.URL, place string) (int, error) {
	t.Helper()
	transport := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: f.ca.Pool()},
		DisableKeepAlives: true}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://canary."+place+".test/", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

func TestDoorAtAsksForThePassword(t *testing.T) {
	f := bare(t)
	at := netip.MustParseAddr("127.0.0.2") // as good a gateway as any
	door, err := f.DoorAt(vantage, at, "open sesame: é")
	if err != nil {
		t.Fatal(err)
	}
	if host, _, _ := net.SplitHostPort(door.Host); host != at.String() {
		t.Errorf("it listens at %s", door.Host)
	}
	if status, err := canaryThrough(t, f, door, home); err != nil || status != http.StatusNoContent {
		t.Errorf("who knows the password gets %d, %v", status, err)
	}
	for _, user := range []*url.Userinfo{nil, url.User("regiondrill"), url.UserPassword("regiondrill", "guess"),
		url.UserPassword("root", "open sesame: é")} {
		stranger := *door
		stranger.User = user
		if status, err := canaryThrough(t, f, &stranger, home); err == nil {
			t.Errorf("%v gets %d", user, status)
		}
	}
	if refused := f.Refused(); len(refused) > 0 {
		t.Errorf("what strangers ask for is looked up: %v", refused)
	}
}

func TestDoorAtRefusesToBeOpenToAll(t *testing.T) {
	f := bare(t)
	for _, tc := range []struct{ place, at, password string }{
		{vantage, "0.0.0.0", "x"}, {vantage, "::", "x"}, {vantage, "127.0.0.1", ""}, {"nowhere", "127.0.0.1", "x"},
		{vantage, "192.0.2.1", "x"},
	} {
		if door, err := f.DoorAt(tc.place, netip.MustParseAddr(tc.at), tc.password); err == nil {
			t.Errorf("%+v opens %s", tc, door)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.DoorAt(vantage, netip.MustParseAddr("127.0.0.1"), "x"); err == nil {
		t.Error("a closed fabric opens a door")
	}
}
