package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// write puts the files beside each other that programs need: the CA, and a configuration and credentials of the AWS CLI
// and the SDKs. gone removes what was written; it is never nil.
func (s *standing) write(path string, ca, saml []byte) (gone func() error, err error) {
	s.CA, s.Config, s.Credentials = path+".pem", path+".config", path+".credentials"
	s.SPMetadata = path + ".saml.xml"
	credentials := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", s.AccessKey, s.SecretKey)
	files := map[string]string{s.CA: string(ca), s.Config: s.config(), s.Credentials: credentials,
		s.SPMetadata: string(saml)}
	var begun []string
	gone = func() (err error) {
		for _, file := range begun {
			if failed := os.Remove(file); !errors.Is(failed, os.ErrNotExist) {
				err = errors.Join(err, failed)
			}
		}
		return err
	}
	for file, text := range files {
		begun = append(begun, file)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// asGiven keeps version 1 of the AWS CLI from fetching parameters that are URLs, such as a start URL.
const asGiven = "cli_follow_urlparam = false\n"

// config is the file that AWS_CONFIG_FILE names: the administrator's Region by default, and for each Region a session
// and a profile of the person, as AWS CLI's "aws configure sso" writes them.
func (s *standing) config() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[default]\nregion = %s\n%s", s.Primary, asGiven)
	for _, region := range keysOf(s.Portals) {
		fmt.Fprintf(&b, "\n[sso-session %[1]s]\nsso_start_url = %[2]s\nsso_region = %[1]s\n"+
			"sso_registration_scopes = sso:account:access\n", region, s.Portals[region])
		fmt.Fprintf(&b, "\n[profile %[1]s]\nsso_session = %[1]s\nsso_account_id = %[2]s\nsso_role_name = %[3]s\n"+
			"region = %[1]s\n%[4]s", region, s.Account, s.Role, asGiven)
	}
	return b.String()
}

// variable of a shell's environment.
type variable struct{ name, value string }

// variables are what curl, the AWS CLI and the SDKs read. boto3 takes its Region from AWS_DEFAULT_REGION, the other
// SDKs take it from AWS_REGION; endpoints of FIPS and of dual stack have names that the lab doesn't serve.
func (s *standing) variables(door, region string) []variable {
	return []variable{
		{"HTTPS_PROXY", door}, {"https_proxy", door}, {"NO_PROXY", ""}, {"no_proxy", ""},
		{"AWS_CA_BUNDLE", s.CA}, {"REQUESTS_CA_BUNDLE", s.CA}, {"SSL_CERT_FILE", s.CA}, {"CURL_CA_BUNDLE", s.CA},
		{"AWS_ACCESS_KEY_ID", s.AccessKey}, {"AWS_SECRET_ACCESS_KEY", s.SecretKey},
		{"AWS_REGION", region}, {"AWS_DEFAULT_REGION", region},
		{"AWS_CONFIG_FILE", s.Config}, {"AWS_SHARED_CREDENTIALS_FILE", s.Credentials},
		{"AWS_EC2_METADATA_DISABLED", "true"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"},
		{"AWS_USE_FIPS_ENDPOINT", "false"}, {"AWS_USE_DUALSTACK_ENDPOINT", "false"},
		{"REGIONDRILL_IDENTITY_STORE", s.IdentityStore}, {"REGIONDRILL_SCIM", s.SCIM},
		{"REGIONDRILL_SCIM_TOKEN", s.SCIMToken},
	}
}

// inTheWay are variables that would lead the AWS CLI or an SDK to somebody else's credentials.
var inTheWay = []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
	"AWS_CREDENTIAL_EXPIRATION"}

// insideLab is the variable that tells a shell that it is in a lab: what it holds now isn't to be kept for later.
const insideLab = "REGIONDRILL_LAB"

// keptAs is the shell's own variable that holds what another was before. It is not exported, so that no program in the
// lab sees the user's real credentials.
func keptAs(name string) string { return "regiondrill_" + name }

// enter writes what a POSIX shell evaluates to use the lab. What its variables were it keeps, once. There is no comment
// in it, for an interactive zsh takes none.
func (s *standing) enter(w io.Writer, door, region string) {
	set := s.variables(door, region)
	var names []string
	for _, v := range set {
		names = append(names, v.name)
	}
	fmt.Fprintf(w, "if [ -z \"${%s+set}\" ]; then\n", insideLab)
	for _, name := range slices.Concat(names, inTheWay) {
		fmt.Fprintf(w, "[ -z \"${%[1]s+set}\" ] || %[2]s=$%[1]s\n", name, keptAs(name))
	}
	fmt.Fprintf(w, "fi\nunset %s\n", strings.Join(inTheWay, " "))
	for _, v := range append(set, variable{insideLab, s.Name}) {
		fmt.Fprintf(w, "export %s='%s'\n", v.name, strings.ReplaceAll(v.value, "'", `'\''`))
	}
}

// leaveLab writes what takes a shell back to where it was before it entered a lab, whether one stands or not. A shell
// that is in none stays as it is.
func leaveLab(w io.Writer) {
	names := slices.Clone(inTheWay)
	for _, v := range (&standing{}).variables("", "") {
		names = append(names, v.name)
	}
	fmt.Fprintf(w, "if [ -n \"${%s+set}\" ]; then\nunset %[1]s %[2]s\n", insideLab, strings.Join(names, " "))
	for _, name := range names {
		fmt.Fprintf(w, "[ -z \"${%[1]s+set}\" ] || export %[2]s=\"$%[1]s\"\nunset %[1]s\n", keptAs(name), name)
	}
	fmt.Fprintln(w, "fi")
}

func (p *program) labEnvCommand() *cobra.Command {
	var flags labFlags
	var unset bool
	cmd := &cobra.Command{
		Use: "env", Short: "Print what a shell needs so that programs such as the AWS CLI use the lab", Args: cobra.NoArgs,
		Long: "Print what a shell needs so that programs such as curl, the AWS CLI and boto3 use the lab:\n" +
			"its proxy and CA, credentials of the account's administrator, and a configuration with a\n" +
			"profile for each Region, in place of the user's own ~/.aws.",
		Example: `  eval "$(regiondrill lab env)"; aws kms list-keys
  eval "$(regiondrill lab env --unset)"`,
		RunE: func(*cobra.Command, []string) error {
			if unset {
				leaveLab(p.stdout)
				return nil
			}
			lab, door, err := p.choose(flags)
			if err != nil {
				return err
			}
			region := cmp.Or(flags.region, lab.Primary)
			if err := lab.knows(region); err != nil {
				return err
			}
			lab.enter(p.stdout, door, region)
			fmt.Fprintf(p.stderr, "This shell uses the lab %s now. "+
				"To go back: eval \"$(regiondrill lab env --unset)\"\n", lab.Name)
			return nil
		},
	}
	flags.bind(cmd)
	cmd.Flags().StringVar(&flags.region, "region", "", "the `REGION` that programs ask (default the primary)")
	cmd.Flags().BoolVar(&unset, "unset", false, "print what takes the shell back to where it was")
	return cmd
}
