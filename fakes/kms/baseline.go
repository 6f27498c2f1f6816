package kms

import (
	"strings"

	"github.com/regiondrill/regiondrill/harness/names"
)

// DefaultPolicy is the key policy of keys and replicas that are made without one. It hands the key to the account and
// says nothing of any service, so that IAM Identity Center can't use it: who replicates a key and forgets the policy
// has a Region that fails when it is needed.
func DefaultPolicy(region, account string) string {
	return inPartition(`{
  "Version": "2012-10-17",
  "Id": "key-default-1",
  "Statement": [
    {
      "Sid": "Enable IAM User Permissions",
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::ACCOUNT:root"},
      "Action": "kms:*",
      "Resource": "*"
    }
  ]
}`, region, account)
}

// inPartition makes a policy that is written for the first partition one of a Region's own.
func inPartition(policy, region, account string) string {
	p := names.PartitionOf(region)
	return strings.NewReplacer("ACCOUNT", account, "arn:aws:", "arn:"+p.ID+":", "*.amazonaws.com", "*."+p.Domain).
		Replace(policy)
}

// BaselinePolicy is AWS's documented key policy for a key of IAM Identity Center, for an account that delegates its
// administration to no other (IAM Identity Center User Guide, "Baseline KMS key policy"). Every replica needs it.
func BaselinePolicy(region, account string) string { return inPartition(baseline, region, account) }

const baseline = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "AllowIdentityCenterAdminAccounts",
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::ACCOUNT:root"},
      "Action": "kms:*",
      "Resource": "*"
    },
    {
      "Sid": "AllowIdentityCenterAndIdentityStoreToDescribeKey",
      "Effect": "Allow",
      "Principal": {"Service": ["identitystore.amazonaws.com", "sso.amazonaws.com"]},
      "Action": "kms:DescribeKey",
      "Resource": "*",
      "Condition": {"StringEquals": {"aws:SourceAccount": "${aws:ResourceAccount}"}}
    },
    {
      "Sid": "AllowIdentityCenterAndIdentityStoreToUseKey",
      "Effect": "Allow",
      "Principal": {"Service": ["identitystore.amazonaws.com", "sso.amazonaws.com"]},
      "Action": ["kms:Decrypt", "kms:ReEncryptTo", "kms:ReEncryptFrom", "kms:GenerateDataKeyWithoutPlaintext"],
      "Resource": "*",
      "Condition": {
        "StringEquals": {"aws:SourceAccount": "${aws:ResourceAccount}"},
        "ForAnyValue:StringEquals": {
          "kms:EncryptionContextKeys": ["aws:sso:instance-arn", "aws:identitystore:identitystore-arn"]
        }
      }
    },
    {
      "Sid": "AllowOrgPrincipalsViaIdentityCenterAndIdentityStore",
      "Effect": "Allow",
      "Principal": "*",
      "Action": "kms:Decrypt",
      "Resource": "*",
      "Condition": {
        "StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"},
        "StringLike": {"kms:ViaService": ["sso.*.amazonaws.com", "identitystore.*.amazonaws.com"]},
        "ForAnyValue:StringEquals": {
          "kms:EncryptionContextKeys": ["aws:sso:instance-arn", "aws:identitystore:identitystore-arn"]
        }
      }
    },
    {
      "Sid": "AllowManagedApps",
      "Effect": "Allow",
      "Principal": "*",
      "Action": "kms:Decrypt",
      "Resource": "*",
      "Condition": {
        "Bool": {"aws:PrincipalIsAWSService": "true"},
        "StringEquals": {"aws:SourceOrgID": "${aws:ResourceOrgID}"},
        "StringLike": {"kms:ViaService": ["identitystore.*.amazonaws.com", "sso.*.amazonaws.com"]},
        "ForAnyValue:StringEquals": {
          "kms:EncryptionContextKeys": ["aws:sso:instance-arn", "aws:identitystore:identitystore-arn"]
        }
      }
    }
  ]
}`
