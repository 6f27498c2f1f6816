package identitycenter

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
)

// TestWhatAdministratorsMaySay: texts are as long, and of such characters, as sso-admin's model has it.
func TestWhatAdministratorsMaySay(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		arn, admin := aws.String(w.instance.ARN()), w.admin(east)
		set := func(description, relay string) error {
			in := &ssoadmin.CreatePermissionSetInput{InstanceArn: arn, Name: aws.String("Tried")}
			in.Description, in.RelayState = &description, &relay
			out, err := admin.CreatePermissionSet(t.Context(), in)
			if err != nil {
				return err
			}
			_, err = admin.DeletePermissionSet(t.Context(), &ssoadmin.DeletePermissionSetInput{InstanceArn: arn,
				PermissionSetArn: out.PermissionSet.PermissionSetArn})
			return err
		}
		app := func(origin types.SignInOrigin, description, url string) error {
			_, err := admin.CreateApplication(t.Context(), &ssoadmin.CreateApplicationInput{InstanceArn: arn, Name: aws.String("Wiki"),
				ApplicationProviderArn: aws.String("arn:aws:sso::aws:applicationProvider/custom"), Description: &description,
				PortalOptions: &types.PortalOptions{SignInOptions: &types.SignInOptions{Origin: origin, ApplicationUrl: &url}}})
			return err
		}
		name := func(name string) error {
			_, err := admin.UpdateInstance(t.Context(), &ssoadmin.UpdateInstanceInput{InstanceArn: arn, Name: &name})
			return err
		}
		const center, away = types.SignInOriginIdentityCenter, types.SignInOriginApplication
		long, wiki := strings.Repeat("x", 701), "https://wiki.test/a?b=c"
		for what, err := range map[string]error{
			"a long description": set(long, ""), "one of another script": set("ж", ""),
			"a long relay state": set("", long[:241]), "one with a tag": set("", "<b>"),
			"a long description of an application": app(away, long[:129], wiki), "a long URL": app(away, "", wiki+long),
			"a script for one": app(away, "", "javascript:alert(1)"), "one that is not used": app(center, "", "javascript:alert(1)"),
			"a URL with a quote": app(away, "", wiki+`"`), "a URL without host": app(away, "", "https:///x"),
			"a name with a blank": name("a b"), "a long name": name(long[:256]), "a name with a tag": name("<b>"),
		} {
			fails(t, what, err, "ValidationException")
		}
		for what, err := range map[string]error{
			"a description": set("Über\n"+long[:690], ""), "a relay state": set("", "https://x.test/?a=b&c=[d]"),
			"an application": app(away, long[:128], wiki), "an application of the portal": app(center, "", ""), "a name": name("acme-2"),
		} {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}
