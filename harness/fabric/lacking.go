package fabric

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/xml"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/regiondrill/regiondrill/harness/names"
)

// IsAWS tells whether a host name, in lower case, is that of an endpoint of AWS or of an access portal.
func IsAWS(host string) bool {
	return slices.ContainsFunc(names.Domains(), func(domain string) bool { return strings.HasSuffix(host, "."+domain) })
}

// Scope is the service and the Region that a request is for, each empty where it can't be told. The service is AWS's
// own word: that by which requests are signed, else what stands before the Region in the name of the endpoint.
type Scope struct{ Service, Region string }

// ScopeOf reads the scope of a request's credential (AWS General Reference, "Signature Version 4"), and the host name
// where there is none: not every call is signed.
func ScopeOf(r *http.Request) Scope {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if _, after, signed := strings.Cut(r.Header.Get("Authorization"), "Credential="); signed {
		credential, _, _ = strings.Cut(after, ",")
	}
	// access key, date, Region, service, and how the scope ends
	parts := strings.Split(strings.TrimSpace(credential), "/")
	if len(parts) == 5 && parts[4] == "aws4_request" && len(parts[3]) <= maxOperation {
		return Scope{parts[3], parts[2]}
	}
	host, _, err := split(r.Host)
	if err != nil {
		host = strings.ToLower(r.Host)
	}
	return ScopeOfHost(host)
}

// ScopeOfHost reads the name of an endpoint, as in sts.us-east-1.amazonaws.com.
func ScopeOfHost(host string) Scope {
	for _, domain := range names.Domains() {
		host = strings.TrimSuffix(host, "."+domain)
	}
	labels := strings.Split(host, ".")
	i := slices.IndexFunc(labels, names.IsRegion)
	if i < 0 {
		return Scope{Service: host}
	}
	return Scope{strings.Join(labels[:i], "."), labels[i]}
}

// SayError answers a call of any service of AWS with status 400, which no SDK tries again. The protocol is told by the
// request, for the service may be one of which nothing else is known here.
func SayError(w http.ResponseWriter, r *http.Request, code, message string) {
	id := rand.Text()
	w.Header().Set("X-Amzn-Requestid", id)
	w.Header().Set("X-Amzn-Errortype", code)
	w.Header().Set("Cache-Control", "no-store")
	spokenIn(r)(w, failure{code, http.StatusBadRequest}, message, id)
}

// spokenIn tells how the service that a request is for says an error (Smithy's documentation, "AWS Protocols"). Those
// of REST-XML have nothing in their requests by which they could be known.
func spokenIn(r *http.Request) func(w http.ResponseWriter, f failure, message, requestID string) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // empty where it is none
	service := ScopeOf(r).Service
	switch {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		return sayCBOR
	case r.Header.Get("X-Amz-Target") != "":
		return json11{}.say
	case service == "s3" || strings.HasSuffix(service, ".s3"):
		return sayS3
	case service == "ec2":
		return sayEC2
	case kind == "application/x-www-form-urlencoded" || service == "cloudfront" || service == "route53":
		return query{}.say
	}
	return restJSON{}.say
}

// sayS3 says an error as Amazon S3 does: bare (API Reference, "REST error responses").
func sayS3(w http.ResponseWriter, f failure, message, requestID string) {
	sayXML(w, f.status, struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		Message   string
		RequestID string `xml:"RequestId"`
	}{Code: f.code, Message: message, RequestID: requestID})
}

// sayEC2 says an error as Amazon EC2 does, alone among those of the query protocol (Smithy, "AWS EC2 query protocol").
func sayEC2(w http.ResponseWriter, f failure, message, requestID string) {
	sayXML(w, f.status, struct {
		XMLName   xml.Name `xml:"Response"`
		Code      string   `xml:"Errors>Error>Code"`
		Message   string   `xml:"Errors>Error>Message"`
		RequestID string
	}{Code: f.code, Message: message, RequestID: requestID})
}

// sayCBOR says an error in Smithy RPC v2 CBOR: a map of two text strings (RFC 8949, section 3).
func sayCBOR(w http.ResponseWriter, f failure, message, _ string) {
	const mapOfTwo, text16 = 0xa2, 0x79 // a text whose length is told in 16 bits
	body := []byte{mapOfTwo}
	for _, text := range []string{"__type", f.code, "message", message} {
		text = text[:min(len(text), 1<<16-1)]
		body = append(binary.BigEndian.AppendUint16(append(body, text16), uint16(len(text))), text...)
	}
	w.Header().Set("Content-Type", "application/cbor")
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.WriteHeader(f.status)
	_, _ = w.Write(body) // nobody to tell when the client is gone
}
