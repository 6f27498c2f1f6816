package kms

import "strings"

// DefaultPolicy is the key policy of keys and replicas that are made without one. It hands the key to the account and
// says nothing of any service, so that IAM Identity Center can't use it: who replicates a key and forgets the policy
// has a Region that fails when it is needed.
func DefaultPolicy(account string) string {
	return strings.ReplaceAll(`{
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
}`, "ACCOUNT", account)
}

// BaselinePolicy is a key policy that lets IAM Identity Center of the account work, and nobody else beside the account
// itself: the two service principals may describe the key, and decrypt, re-encrypt and generate data keys (without
// plaintext) where the encryption context names their instance or identity store (IAM Identity Center User Guide,
// "Baseline KMS key policy"). Every replica needs it.
func BaselinePolicy(account string) string {
	return strings.ReplaceAll(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "AccountAdministersTheKey",
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::ACCOUNT:root"},
      "Action": "kms:*",
      "Resource": "*"
    },
    {
      "Sid": "IdentityCenterUsesTheKey",
      "Effect": "Allow",
      "Principal": {"Service": "sso.amazonaws.com"},
      "Action": ["kms:Decrypt", "kms:ReEncryptTo", "kms:ReEncryptFrom", "kms:GenerateDataKeyWithoutPlaintext"],
      "Resource": "*",
      "Condition": {
        "StringEquals": {"aws:SourceAccount": "ACCOUNT"},
        "ArnLike": {"kms:EncryptionContext:aws:sso:instance-arn": "arn:aws:sso:::instance/*"}
      }
    },
    {
      "Sid": "IdentityStoreUsesTheKey",
      "Effect": "Allow",
      "Principal": {"Service": "identitystore.amazonaws.com"},
      "Action": ["kms:Decrypt", "kms:ReEncryptTo", "kms:ReEncryptFrom", "kms:GenerateDataKeyWithoutPlaintext"],
      "Resource": "*",
      "Condition": {
        "StringEquals": {"aws:SourceAccount": "ACCOUNT"},
        "ArnLike": {"kms:EncryptionContext:aws:identitystore:identitystore-arn": "arn:aws:identitystore::ACCOUNT:identitystore/*"}
      }
    },
    {
      "Sid": "BothDescribeTheKey",
      "Effect": "Allow",
      "Principal": {"Service": ["sso.amazonaws.com", "identitystore.amazonaws.com"]},
      "Action": "kms:DescribeKey",
      "Resource": "*",
      "Condition": {"StringEquals": {"aws:SourceAccount": "ACCOUNT"}}
    }
  ]
}`, "ACCOUNT", account)
}
