package samlmetadata

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// entity is an EntityDescriptor as far as it matters here.
type entity struct {
	id           string
	provider     bool // it has an IDPSSODescriptor for SAML 2.0
	redirect     string
	bindings     []string // other than HTTP-Redirect, by their last words
	certificates []string // base64, of keys for signing
}

// scanner is where the reading stands.
type scanner struct {
	path     []xml.Name
	found    []*entity
	open     *entity // nil: outside of an EntityDescriptor
	inIdP    bool
	signing  bool // the KeyDescriptor around is for signing
	collects bool // text of an X509Certificate
}

// scan finds the EntityDescriptors of a document. Its error says where the document can't be read.
func scan(document []byte) ([]*entity, error) {
	var s scanner
	decoder := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(document, []byte("\ufeff"))))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = s.token(token)
		}
		if err != nil {
			line, column := decoder.InputPos()
			if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
				err = errors.New(syntax.Msg)
			}
			return nil, fmt.Errorf("is no metadata in XML: line %d, column %d: %w", line, column, err)
		}
	}
	return s.found, nil
}

func (s *scanner) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		if len(s.path) == 0 && t.Name.Space != metadataNamespace {
			return fmt.Errorf("it begins with <%s>, and not with an EntityDescriptor of SAML 2.0", t.Name.Local)
		}
		if len(s.path) == maxDepth {
			return fmt.Errorf("it is nested deeper than %d", maxDepth)
		}
		s.path = append(s.path, t.Name)
		return s.start(t)
	case xml.EndElement:
		s.end(s.path[len(s.path)-1])
		s.path = s.path[:len(s.path)-1]
	case xml.CharData:
		if s.collects {
			s.open.certificates[len(s.open.certificates)-1] += string(t)
		}
	case xml.Directive:
		return errors.New("it has a document type")
	}
	return nil
}

func (s *scanner) start(e xml.StartElement) error {
	switch {
	case is(e.Name, "EntityDescriptor"):
		if s.open != nil {
			return errors.New("it has an EntityDescriptor within another")
		}
		if len(s.found) == maxEntities {
			return fmt.Errorf("it has more than %d entities", maxEntities)
		}
		s.open = &entity{id: strings.TrimSpace(attr(e, "entityID"))}
		s.found = append(s.found, s.open)
	case s.open == nil:
	case is(e.Name, "IDPSSODescriptor"):
		s.inIdP = slices.Contains(strings.Fields(attr(e, "protocolSupportEnumeration")), protocolNamespace)
		s.open.provider = s.open.provider || s.inIdP
	case !s.inIdP:
	case is(e.Name, "KeyDescriptor"):
		use := attr(e, "use")
		s.signing = use == "" || use == "signing"
	case e.Name == xml.Name{Space: signatureNamespace, Local: "X509Certificate"} && s.signing:
		if len(s.open.certificates) == maxCertificates {
			return fmt.Errorf("it has more than %d certificates", maxCertificates)
		}
		s.open.certificates = append(s.open.certificates, "")
		s.collects = true
	case is(e.Name, "SingleSignOnService"):
		s.service(attr(e, "Binding"), strings.TrimSpace(attr(e, "Location")))
	}
	return nil
}

// service takes a SingleSignOnService in; of several of a binding the first.
func (s *scanner) service(binding, location string) {
	if binding != bindingRedirect {
		s.open.bindings = append(s.open.bindings, binding[strings.LastIndexByte(binding, ':')+1:])
		return
	}
	if s.open.redirect == "" {
		s.open.redirect = location
	}
}

func (s *scanner) end(name xml.Name) {
	switch {
	case is(name, "EntityDescriptor"):
		s.open = nil
	case is(name, "IDPSSODescriptor"):
		s.inIdP = false
	case is(name, "KeyDescriptor"):
		s.signing = false
	case name.Local == "X509Certificate":
		s.collects = false
	}
}

func is(name xml.Name, local string) bool {
	return name.Space == metadataNamespace && name.Local == local
}

func attr(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Space == "" && a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}
