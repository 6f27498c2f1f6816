package idp

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

// Limits of a request. Genuine ones are about a kilobyte; the rest is bombs.
const (
	maxRequest    = 64 << 10  // bytes of an AuthnRequest, inflated
	maxEncoded    = 128 << 10 // bytes of its base64
	maxRelayState = 2 << 10   // bytes; SAML 2.0 Bindings allows 80, vendors send more
	maxTokens     = 500
	maxDepth      = 16
	maxIDLength   = 256
)

// authnRequest is what this provider reads of a samlp:AuthnRequest (SAML 2.0 Core, 3.4.1).
type authnRequest struct {
	id          string
	issuer      string
	destination string // empty where absent
	acsURL      string // empty where absent
	acsIndex    int    // -1 where absent
	forceAuthn  bool
}

// readRequest takes the AuthnRequest and the RelayState out of a request of the HTTP-Redirect binding (GET) or the
// HTTP-POST binding. The body is already limited. Signatures of requests are not looked at: IAM Identity Center
// doesn't sign them.
func readRequest(r *http.Request) (*authnRequest, string, error) {
	values := r.URL.Query()
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			return nil, "", fmt.Errorf("reading the form: %w", err)
		}
		values = r.PostForm
	}
	encoded, relayState := values.Get("SAMLRequest"), values.Get("RelayState")
	switch {
	case encoded == "":
		return nil, "", errors.New("there is no SAMLRequest")
	case len(encoded) > maxEncoded:
		return nil, "", fmt.Errorf("the SAMLRequest is longer than %d bytes", maxEncoded)
	case len(relayState) > maxRelayState:
		return nil, "", fmt.Errorf("the RelayState is longer than %d bytes", maxRelayState)
	}
	document, err := decodeRequest(encoded, r.Method != http.MethodPost)
	if err != nil {
		return nil, "", err
	}
	request, err := parseRequest(document)
	return request, relayState, err
}

// decodeRequest undoes the base64 of both bindings and the deflation of HTTP-Redirect.
func decodeRequest(encoded string, deflated bool) ([]byte, error) {
	document, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("decoding the SAMLRequest: %w", err)
	}
	if deflated {
		if document, err = inflate(document); err != nil {
			return nil, fmt.Errorf("inflating the SAMLRequest: %w", err)
		}
	}
	if len(document) > maxRequest {
		return nil, fmt.Errorf("the AuthnRequest is longer than %d bytes", maxRequest)
	}
	return document, nil
}

// inflaters are used again, of io.ReadCloser: a new one takes 40 KiB for some hundred bytes.
var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// inflate undoes the deflation of at most maxRequest bytes; one beyond tells too long from just as long.
func inflate(deflated []byte) ([]byte, error) {
	inflater := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(inflater)
	if err := inflater.(flate.Resetter).Reset(bytes.NewReader(deflated), nil); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(inflater, maxRequest+1))
}

// parseRequest reads one AuthnRequest and nothing beside it: no document type, no comments, no second root.
func parseRequest(document []byte) (*authnRequest, error) {
	s := scan{request: authnRequest{acsIndex: -1}}
	decoder := xml.NewDecoder(bytes.NewReader(document))
	for tokens := 0; ; tokens++ {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the AuthnRequest: %w", err)
		}
		if tokens == maxTokens {
			return nil, fmt.Errorf("the AuthnRequest has more than %d tokens", maxTokens)
		}
		if err := s.token(token); err != nil {
			return nil, err
		}
	}
	if !s.rooted {
		return nil, errors.New("there is no AuthnRequest in the SAMLRequest")
	}
	s.request.issuer = strings.TrimSpace(s.request.issuer)
	return &s.request, nil
}

// scan is where the reading of an AuthnRequest stands.
type scan struct {
	request authnRequest
	rooted  bool
	depth   int
	issuer  bool // inside the request's Issuer
}

func (s *scan) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		s.depth++
		return s.start(t)
	case xml.EndElement:
		s.depth--
		s.issuer = false
	case xml.CharData:
		if s.issuer {
			s.request.issuer += string(t)
		} else if s.depth == 0 && len(bytes.TrimSpace(t)) > 0 {
			return errors.New("there is text beside the AuthnRequest")
		}
	case xml.ProcInst:
		if t.Target != "xml" || s.rooted {
			return errors.New("the AuthnRequest has a processing instruction")
		}
	default:
		return errors.New("the AuthnRequest has a comment or a document type")
	}
	return nil
}

func (s *scan) start(e xml.StartElement) error {
	switch {
	case s.depth > maxDepth:
		return fmt.Errorf("the AuthnRequest is nested deeper than %d", maxDepth)
	case s.depth > 1:
		s.issuer = s.depth == 2 && e.Name == xml.Name{Space: assertionNamespace, Local: "Issuer"}
		return nil
	case s.rooted:
		return errors.New("the SAMLRequest has two roots")
	case e.Name != xml.Name{Space: protocolNamespace, Local: "AuthnRequest"}:
		return errors.New("the SAMLRequest is not an AuthnRequest")
	}
	s.rooted = true
	return s.request.root(e.Attr)
}

func (q *authnRequest) root(attrs []xml.Attr) error {
	seen := map[string]string{}
	for _, a := range attrs {
		if a.Name.Space != "" {
			continue
		}
		if _, twice := seen[a.Name.Local]; twice {
			return fmt.Errorf("the AuthnRequest has two attributes %s", a.Name.Local)
		}
		seen[a.Name.Local] = a.Value
	}
	q.id, q.destination, q.acsURL = seen["ID"], seen["Destination"], seen["AssertionConsumerServiceURL"]
	q.forceAuthn = seen["ForceAuthn"] == "true" || seen["ForceAuthn"] == "1"
	if index, given := seen["AssertionConsumerServiceIndex"]; given {
		n, err := strconv.ParseUint(index, 10, 16) // xs:unsignedShort
		if err != nil {
			return errors.New("the AssertionConsumerServiceIndex is not a number from 0 to 65535")
		}
		q.acsIndex = int(n)
	}
	switch binding := seen["ProtocolBinding"]; {
	case seen["Version"] != "2.0":
		return errors.New("the AuthnRequest is not of version 2.0")
	case len(q.id) > maxIDLength || !xmldsig.IsNCName(q.id):
		return errors.New("the AuthnRequest has no proper ID")
	case binding != "" && binding != bindingPost:
		return errors.New("the AuthnRequest asks for another binding than HTTP-POST")
	}
	return nil
}
