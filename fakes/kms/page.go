package kms

import (
	"encoding/base64"
	"strings"
)

// paging is how a request asks for a page of a list.
type paging struct {
	Limit  *int
	Marker string
}

// listInput asks for a page of what a key has.
type listInput struct {
	KeyID string `json:"KeyId"`
	paging
}

// upTo is how many items a page has without a Limit, and at most.
type upTo struct{ usual, most int }

// page takes one out of a list that is in the order of the items' names. A marker tells the last name of the page
// before.
func page[T any](all []T, name func(T) string, p paging, most upTo) (items []T, next string, err error) {
	if err := within(p.Limit, "limit", 1, most.most); err != nil {
		return nil, "", err
	}
	limit := most.usual
	if p.Limit != nil {
		limit = *p.Limit
	}
	after, err := readMarker(p.Marker)
	if err != nil {
		return nil, "", err
	}
	items = []T{}
	for _, item := range all {
		switch {
		case p.Marker != "" && name(item) <= after:
		case len(items) == limit:
			return items, marker(name(items[limit-1])), nil
		default:
			items = append(items, item)
		}
	}
	return items, "", nil
}

const markerMark = "after:"

func marker(name string) string { return base64.StdEncoding.EncodeToString([]byte(markerMark + name)) }

func readMarker(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	data, err := base64.StdEncoding.DecodeString(text)
	name, marked := strings.CutPrefix(string(data), markerMark)
	if err != nil || !marked {
		return "", clientFault("InvalidMarkerException",
			"The request was rejected because the marker that specifies where "+
				"pagination should next begin is not valid.")
	}
	return name, nil
}
