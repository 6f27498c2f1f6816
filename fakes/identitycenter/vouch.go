package identitycenter

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/regiondrill/regiondrill/harness/names"
)

// headerVouch carries the proof that a Region of the instance sent a push.
const headerVouch = "X-Regiondrill-Replication"

// vouch proves that a request comes from a Region of the instance. Replication has no public endpoint at AWS; here its
// hosts are on the network that people are on, too, who must not be able to write what they like into a Region.
func (r *Replica) vouch(req *http.Request, body []byte) {
	req.Header.Set(headerVouch, hex.EncodeToString(r.regionsProof(req.URL.Host, req.URL.Path, body)))
}

// vouched tells whether a request to this Region was proven so.
func (r *Replica) vouched(req *http.Request, body []byte) bool {
	said, err := hex.DecodeString(req.Header.Get(headerVouch))
	return err == nil && hmac.Equal(said, r.regionsProof(names.ReplicationHost(r.cfg.Region), req.URL.Path, body))
}

// regionsProof is good for what is sent to one Region, and for one purpose.
func (r *Replica) regionsProof(host, path string, body []byte) []byte {
	mac := hmac.New(sha256.New, r.cfg.ReplicationKey)
	mac.Write([]byte(host + path + "\n"))
	mac.Write(body)
	return mac.Sum(nil)
}
