package kms

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of tags, in characters and pieces.
const (
	maxTagKey   = 128
	maxTagValue = 256
	maxTags     = 50
)

type tag struct {
	TagKey, TagValue *string
}

func tagFault(message string) error { return clientFault("TagException", "%s", message) }

// tagged is what tags are with those of a request put on. It leaves the map as it is.
func tagged(tags map[string]string, add []tag) (map[string]string, error) {
	all := maps.Clone(tags)
	if all == nil {
		all = map[string]string{}
	}
	seen := map[string]bool{}
	for i, t := range add {
		member := fmt.Sprintf("tags.%d.member.", i+1)
		key, err := t.part(t.TagKey, member+"tagKey", 1, maxTagKey)
		if err != nil {
			return nil, err
		}
		value, err := t.part(t.TagValue, member+"tagValue", 0, maxTagValue)
		if err != nil {
			return nil, err
		}
		switch {
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, tagFault("Tags beginning with aws: are reserved")
		case seen[key]:
			return nil, tagFault("Duplicate tag keys")
		}
		seen[key] = true
		all[key] = value
	}
	if len(all) > maxTags {
		return nil, tagFault("Too many tags")
	}
	return all, nil
}

// part is the key or the value of a tag, both of which must be said.
func (tag) part(said *string, member string, least, most int) (string, error) {
	if said == nil {
		return "", required(member)
	}
	return *said, length(*said, utf8.RuneCountInString(*said), member, least, most)
}

func (r *replica) tagList() []tag {
	list := []tag{}
	for _, name := range slices.Sorted(maps.Keys(r.tags)) {
		value := r.tags[name]
		list = append(list, tag{&name, &value})
	}
	return list
}

// tell makes condition keys of a request's tags.
func tell(request map[string][]string, tags []tag) {
	for _, t := range tags {
		if t.TagKey == nil || t.TagValue == nil {
			continue // it will be refused
		}
		request["aws:tagkeys"] = append(request["aws:tagkeys"], *t.TagKey)
		request["aws:requesttag/"+*t.TagKey] = []string{*t.TagValue}
	}
}

type tagResourceInput struct {
	KeyID string `json:"KeyId"`
	Tags  []tag
}

func (c *call) tagResource(in tagResourceInput) (any, error) {
	if in.Tags == nil {
		return nil, required("tags")
	}
	request := map[string][]string{}
	tell(request, in.Tags)
	r, err := c.access(in.KeyID, ask{operation: "TagResource", request: request})
	if err != nil {
		return nil, err
	}
	tags, err := tagged(r.tags, in.Tags)
	if err != nil {
		return nil, err
	}
	r.tags = tags
	return nil, nil //nolint:nilnil // an empty answer is the answer
}

type untagResourceInput struct {
	KeyID   string `json:"KeyId"`
	TagKeys []string
}

func (c *call) untagResource(in untagResourceInput) (any, error) {
	if in.TagKeys == nil {
		return nil, required("tagKeys")
	}
	request := map[string][]string{"aws:tagkeys": in.TagKeys}
	r, err := c.access(in.KeyID, ask{operation: "UntagResource", request: request})
	if err != nil {
		return nil, err
	}
	for i, name := range in.TagKeys {
		member := fmt.Sprintf("tagKeys.%d.member", i+1)
		if err := length(name, utf8.RuneCountInString(name), member, 1, maxTagKey); err != nil {
			return nil, err
		}
	}
	for _, name := range in.TagKeys {
		delete(r.tags, name)
	}
	return nil, nil //nolint:nilnil // an empty answer is the answer
}

type listResourceTagsOutput struct {
	NextMarker string `json:",omitempty"`
	Tags       []tag
	Truncated  bool
}

func (c *call) listResourceTags(in listInput) (any, error) {
	r, err := c.access(in.KeyID, ask{operation: "ListResourceTags"})
	if err != nil {
		return nil, err
	}
	tags, next, err := page(r.tagList(), func(t tag) string { return *t.TagKey }, in.paging, upTo{50, 50})
	if err != nil {
		return nil, err
	}
	return listResourceTagsOutput{next, tags, next != ""}, nil
}
