package kms

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func (k *kit) rotate(keyID *string) {
	k.Helper()
	_, err := k.virginia.RotateKeyOnDemand(k.ctx(), &sdk.RotateKeyOnDemandInput{KeyId: keyID})
	k.must(err)
}

// rotationContracts are about key material that changes while the key stays.
var rotationContracts = []contract{
	{name: "what was sealed before a rotation", ours: true, do: func(k *kit) error {
		id := k.pair()
		before := k.sealed(id, instance)
		k.rotate(id)
		after := k.sealed(id, instance)
		material := map[string]bool{}
		for _, blob := range [][]byte{before, after} {
			for _, c := range []*sdk.Client{k.virginia, k.ireland} {
				out, err := c.Decrypt(k.ctx(), &sdk.DecryptInput{CiphertextBlob: blob, EncryptionContext: instance})
				k.must(err)
				material[*out.KeyMaterialId] = true
			}
		}
		out, err := k.ireland.DescribeKey(k.ctx(), &sdk.DescribeKeyInput{KeyId: id})
		k.must(err)
		k.want(len(material) == 2 && material[*out.KeyMetadata.CurrentKeyMaterialId], "%v, now %s", material,
			*out.KeyMetadata.CurrentKeyMaterialId)
		return nil
	}},
	{name: "rotations", ours: true, do: func(k *kit) error {
		id := k.key()
		k.rotate(id)
		out, err := k.virginia.ListKeyRotations(k.ctx(), &sdk.ListKeyRotationsInput{KeyId: id})
		k.must(err)
		k.want(len(out.Rotations) == 1 && out.Rotations[0].RotationType == types.RotationTypeOnDemand &&
			out.Rotations[0].RotationDate.Equal(k.now), "%+v", out.Rotations)
		out, err = k.virginia.ListKeyRotations(k.ctx(), &sdk.ListKeyRotationsInput{KeyId: id,
			IncludeKeyMaterial: types.IncludeKeyMaterialAllKeyMaterial})
		k.must(err)
		k.want(len(out.Rotations) == 2 && out.Rotations[0].KeyMaterialState == types.KeyMaterialStateNonCurrent &&
			out.Rotations[1].KeyMaterialState == types.KeyMaterialStateCurrent, "%+v", out.Rotations)
		return nil
	}},
	{name: "automatic rotation", ours: true, do: func(k *kit) error {
		id := k.pair()
		_, err := k.virginia.EnableKeyRotation(k.ctx(), &sdk.EnableKeyRotationInput{KeyId: id,
			RotationPeriodInDays: aws.Int32(90)})
		k.must(err)
		status, err := k.ireland.GetKeyRotationStatus(k.ctx(), &sdk.GetKeyRotationStatusInput{KeyId: id})
		k.must(err)
		k.want(status.KeyRotationEnabled && aws.ToInt32(status.RotationPeriodInDays) == 90 &&
			status.NextRotationDate.Equal(k.now.Add(90*day)), "%+v", status)
		k.after(181)
		out, err := k.ireland.ListKeyRotations(k.ctx(), &sdk.ListKeyRotationsInput{KeyId: id})
		k.must(err)
		k.want(len(out.Rotations) == 2 && out.Rotations[0].RotationType == types.RotationTypeAutomatic, "%+v",
			out.Rotations)
		_, err = k.virginia.DisableKeyRotation(k.ctx(), &sdk.DisableKeyRotationInput{KeyId: id})
		k.must(err)
		k.after(1000)
		out, err = k.virginia.ListKeyRotations(k.ctx(), &sdk.ListKeyRotationsInput{KeyId: id})
		k.must(err)
		k.want(len(out.Rotations) == 2, "%d rotations", len(out.Rotations))
		return nil
	}},
	{name: "rotation unless told", do: func(k *kit) error {
		id := k.key()
		_, err := k.virginia.EnableKeyRotation(k.ctx(), &sdk.EnableKeyRotationInput{KeyId: id})
		k.must(err)
		status, err := k.virginia.GetKeyRotationStatus(k.ctx(), &sdk.GetKeyRotationStatusInput{KeyId: id})
		k.must(err)
		k.want(status.KeyRotationEnabled && aws.ToInt32(status.RotationPeriodInDays) == 365, "%+v", status)
		return nil
	}},
	{name: "a short period", do: func(k *kit) error {
		_, err := k.virginia.EnableKeyRotation(k.ctx(), &sdk.EnableKeyRotationInput{KeyId: k.key(),
			RotationPeriodInDays: aws.Int32(89)})
		return err
	}, code: "ValidationException", says: "Value '89' at 'rotationPeriodInDays' failed to satisfy constraint: " +
		"Member must have value greater than or equal to 90", ours: true},
	{name: "the rotation of a replica", ours: true, do: func(k *kit) error {
		_, err := k.ireland.RotateKeyOnDemand(k.ctx(), &sdk.RotateKeyOnDemandInput{KeyId: k.pair()})
		return err
	}, code: "UnsupportedOperationException"},
	{name: "the rotation of a disabled key", do: func(k *kit) error {
		id := k.key()
		k.disable(id)
		_, err := k.virginia.RotateKeyOnDemand(k.ctx(), &sdk.RotateKeyOnDemandInput{KeyId: id})
		return err
	}, code: "DisabledException", says: " is disabled."},
	{name: "the 26th rotation", ours: true, do: func(k *kit) error {
		id := k.key()
		for range maxOnDemand {
			k.rotate(id)
		}
		_, err := k.virginia.RotateKeyOnDemand(k.ctx(), &sdk.RotateKeyOnDemandInput{KeyId: id})
		return err
	}, code: "LimitExceededException", says: "The on-demand rotations limit has been reached for the given keyId."},
}
