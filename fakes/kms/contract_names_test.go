package kms

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// name makes an alias of a new key, of a name that nobody else has.
func (k *kit) name(keyID *string) *string {
	k.Helper()
	alias := "alias/" + strings.TrimPrefix(*keyID, "mrk-")
	_, err := k.virginia.CreateAlias(k.ctx(), &sdk.CreateAliasInput{AliasName: &alias, TargetKeyId: keyID})
	k.must(err)
	return &alias
}

func createAlias(name string) func(*kit) error {
	return func(k *kit) error {
		_, err := k.virginia.CreateAlias(k.ctx(), &sdk.CreateAliasInput{AliasName: &name, TargetKeyId: k.key()})
		return err
	}
}

func tagWith(tags ...types.Tag) func(*kit) error {
	return func(k *kit) error {
		_, err := k.virginia.TagResource(k.ctx(), &sdk.TagResourceInput{KeyId: k.key(), Tags: tags})
		return err
	}
}

func aTag(name, value string) types.Tag { return types.Tag{TagKey: &name, TagValue: &value} }

// manyTags are one too many.
func manyTags() []types.Tag {
	var many []types.Tag
	for i := range maxTags + 1 {
		many = append(many, aTag(fmt.Sprint(i), ""))
	}
	return many
}

// namesContracts are about aliases and tags.
var namesContracts = []contract{
	{name: "by alias", do: func(k *kit) error {
		id := k.key()
		alias := k.name(id)
		out, err := k.virginia.DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: alias})
		k.must(err)
		k.want(aws.ToString(out.KeyMetadata.KeyId) == *id, "%s is %s", *alias, aws.ToString(out.KeyMetadata.KeyId))
		sealed, err := k.virginia.Encrypt(k.ctx(), &sdk.EncryptInput{KeyId: alias, Plaintext: []byte("secret")})
		k.must(err)
		_, err = k.virginia.Decrypt(k.ctx(), &sdk.DecryptInput{KeyId: alias, CiphertextBlob: sealed.CiphertextBlob})
		return err
	}},
	{name: "by an alias's ARN", ours: true, do: func(k *kit) error {
		arn := "arn:aws:kms:us-east-1:" + account + ":" + *k.name(k.key())
		_, err := k.virginia.DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: &arn})
		k.must(err)
		_, err = k.virginia.DisableKey(k.ctx(), &sdk.DisableKeyInput{KeyId: &arn})
		return err
	}, code: "InvalidArnException", says: "Key Aliases are not supported for this operation"},
	{name: "an alias where a key is wanted", do: func(k *kit) error {
		_, err := k.virginia.DisableKey(k.ctx(), &sdk.DisableKeyInput{KeyId: k.name(k.key())})
		return err
	}, code: "NotFoundException", says: "Invalid keyId 'alias/", ours: true},
	{name: "no such alias", do: described(fixed("alias/nobodys")), code: "NotFoundException",
		says: "alias/nobodys is not found.", ours: true},
	{name: "an alias elsewhere", ours: true, do: func(k *kit) error {
		_, err := k.ireland.DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: k.name(k.pair())})
		return err
	}, code: "NotFoundException", says: "Alias arn:aws:kms:eu-west-1:"},
	{name: "an alias twice", ours: true, do: func(k *kit) error {
		_, err := k.virginia.CreateAlias(k.ctx(), &sdk.CreateAliasInput{AliasName: k.name(k.key()),
			TargetKeyId: k.key()})
		return err
	}, code: "AlreadyExistsException", says: "An alias with the name arn:aws:kms:us-east-1:"},
	{name: "an alias of an alias", ours: true, do: func(k *kit) error {
		alias := "alias/again"
		_, err := k.virginia.CreateAlias(k.ctx(), &sdk.CreateAliasInput{AliasName: &alias, TargetKeyId: k.name(k.key())})
		return err
	}, code: "ValidationException", says: "Aliases must refer to keys. Not aliases"},
	{name: "an alias of no key", ours: true, do: func(k *kit) error {
		alias := "alias/nobodys"
		_, err := k.virginia.CreateAlias(k.ctx(), &sdk.CreateAliasInput{AliasName: &alias, TargetKeyId: aws.String("")})
		return err
	}, code: "ValidationException", says: "'targetKeyId'"},
	{name: "an alias without prefix", do: createAlias("mine"), code: "ValidationException",
		says: `Alias must start with the prefix "alias/". ` +
			`Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`},
	{name: "an alias with a blank", do: createAlias("alias/a b"), code: "ValidationException",
		says: "Value 'alias/a b' at 'aliasName'", ours: true},
	{name: "an alias of AWS's", do: createAlias("alias/aws/mine"), code: "NotAuthorizedException", ours: true},
	{name: "another key for an alias", do: func(k *kit) error {
		alias, to := k.name(k.key()), k.key()
		_, err := k.virginia.UpdateAlias(k.ctx(), &sdk.UpdateAliasInput{AliasName: alias, TargetKeyId: to})
		k.must(err)
		out, err := k.virginia.ListAliases(k.ctx(), &sdk.ListAliasesInput{KeyId: to})
		k.must(err)
		k.want(len(out.Aliases) == 1 && *out.Aliases[0].AliasName == *alias && *out.Aliases[0].TargetKeyId == *to,
			"%+v", out.Aliases)
		_, err = k.virginia.DeleteAlias(k.ctx(), &sdk.DeleteAliasInput{AliasName: alias})
		k.must(err)
		_, err = k.virginia.DeleteAlias(k.ctx(), &sdk.DeleteAliasInput{AliasName: alias})
		return err
	}, code: "NotFoundException", says: "is not found."},
	{name: "aliases in pages", ours: true, do: func(k *kit) error {
		for range 5 {
			k.name(k.key())
		}
		seen := 0
		pages := sdk.NewListAliasesPaginator(k.virginia, &sdk.ListAliasesInput{Limit: aws.Int32(2)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(k.ctx())
			k.must(err)
			seen += len(page.Aliases)
		}
		k.want(seen == 5, "%d aliases, want 5", seen)
		return nil
	}},
	{name: "an alias that a policy asks for", ours: true, do: func(k *kit) error {
		id := k.key()
		alias := k.name(id)
		k.must(k.SetPolicy(virginia, *id, document(version2012, allow(when("StringEquals", "kms:RequestAlias",
			`"`+*alias+`"`)))))
		_, err := k.virginia.DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: alias})
		k.must(err)
		_, err = k.virginia.DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: id})
		return err
	}, code: "AccessDeniedException"},

	{name: "tags", do: func(k *kit) error {
		id := k.key()
		_, err := k.virginia.TagResource(k.ctx(), &sdk.TagResourceInput{KeyId: id, Tags: []types.Tag{aTag("a", "1"),
			aTag("b", "2")}})
		k.must(err)
		_, err = k.virginia.TagResource(k.ctx(), &sdk.TagResourceInput{KeyId: id, Tags: []types.Tag{aTag("b", "3")}})
		k.must(err)
		_, err = k.virginia.UntagResource(k.ctx(), &sdk.UntagResourceInput{KeyId: id, TagKeys: []string{"a", "none"}})
		k.must(err)
		out, err := k.virginia.ListResourceTags(k.ctx(), &sdk.ListResourceTagsInput{KeyId: id})
		k.must(err)
		k.want(len(out.Tags) == 1 && *out.Tags[0].TagKey == "b" && *out.Tags[0].TagValue == "3", "%+v", out.Tags)
		return nil
	}},
	{name: "tags of AWS's", do: tagWith(aTag("AWS:mine", "")), code: "TagException",
		says: "Tags beginning with aws: are reserved"},
	{name: "a tag twice", do: tagWith(aTag("a", "1"), aTag("a", "2")), code: "TagException",
		says: "Duplicate tag keys", ours: true},
	{name: "51 tags", do: tagWith(manyTags()...), code: "TagException", says: "Too many tags", ours: true},
	{name: "50 tags", do: tagWith(manyTags()[:maxTags]...)},
	{name: "a long tag key", do: tagWith(aTag(strings.Repeat("ä", 129), "")), code: "ValidationException", ours: true,
		says: "at 'tags.1.member.tagKey' failed to satisfy constraint: Member must have length less than or equal to 128"},
	{name: "a long tag value", do: tagWith(aTag("a", strings.Repeat("x", 257))), code: "ValidationException",
		ours: true,
		says: "at 'tags.1.member.tagValue' failed to satisfy constraint: Member must have length less than or equal to 256"},
	{name: "a key made with such tags", do: create(sdk.CreateKeyInput{Tags: []types.Tag{aTag("aws:a", "")}}),
		code: "TagException", ours: true},
	{name: "a tag that a policy asks for", ours: true, do: func(k *kit) error {
		id := k.key()
		k.must(k.SetPolicy(virginia, *id, document(version2012, allow(`"Action": "kms:TagResource"`),
			allow(when("StringEquals", "aws:ResourceTag/Team", `"${aws:ResourceTag/owner}"`)))))
		_, err := k.virginia.DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: id})
		k.want(code(err) == "AccessDeniedException", "untagged: %v", err)
		_, err = k.virginia.TagResource(k.ctx(), &sdk.TagResourceInput{KeyId: id, Tags: []types.Tag{aTag("team", "a"),
			aTag("Owner", "a")}})
		k.must(err)
		_, err = k.virginia.DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: id})
		return err
	}},
}
