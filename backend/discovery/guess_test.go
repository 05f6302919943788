package discovery

import (
	"testing"

	"vmorchestrator/backend/domain"
)

// Marks that are written together with another word count too; words that only contain one do not.
func TestGuessEnvironmentInsideWords(t *testing.T) {
	for alias, want := range map[string]domain.Environment{
		"webprod-eu": domain.EnvProduction, "proddb1": domain.EnvProduction, "productiondb": domain.EnvProduction, "my.webprod.internal": domain.EnvProduction,
		"web-test-prod": domain.EnvProduction, "PROD": domain.EnvProduction, "webpreprod-eu": domain.EnvStaging, "nonprod-1": domain.EnvStaging,
		"webstaging-2a": domain.EnvStaging, "stagingdb": domain.EnvStaging, "testdb": domain.EnvTest, "apitest-2b": domain.EnvTest,
		"products": domain.EnvDevelopment, "producer-1": domain.EnvDevelopment, "productivity": domain.EnvDevelopment, "backstage": domain.EnvDevelopment,
		"latest-eu": domain.EnvDevelopment, "contest": domain.EnvDevelopment, "fastest": domain.EnvDevelopment, "testimonials": domain.EnvDevelopment,
		"delivery": domain.EnvDevelopment, "olive": domain.EnvDevelopment, "circle": domain.EnvDevelopment, "dev": domain.EnvDevelopment,
	} {
		if got := guessEnvironment(alias); got != want {
			t.Errorf("%q: %s, want %s", alias, got, want)
		}
	}
}

func TestGuessProviderNeedsAWholeWord(t *testing.T) {
	for alias, want := range map[string]string{
		"ec2": "AWS", "ec2-web": "AWS", "EC2": "AWS", "prod_ec2_1": "AWS", "aws1": "AWS", "gcp-a": "GCP", "azure": "Azure", "vultr9": "Vultr",
		"codec2": "", "spec2": "", "exec2": "", "ec20": "", "ec-1": "", "laws": "", "": "",
	} {
		if got := guessProvider(alias, "10.0.0.1"); got != want {
			t.Errorf("%q: %q, want %q", alias, got, want)
		}
	}
	for host, want := range map[string]string{
		"EC2-1-2-3-4.compute-1.AMAZONAWS.com.": "AWS", "vm.europe-west1-b.c.shop.internal": "GCP", "amazonaws.com": "AWS",
		"notamazonaws.com": "", "amazonaws.com.example": "", "2001:db8::1": "", "": "",
	} {
		if got := guessProvider("web", host); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
	if got := guessProvider("aws-backup", "static.1.2.3.4.clients.your-server.de"); got != "Hetzner" {
		t.Errorf("the host name says more than the alias: %q", got)
	}
}

func TestForgeByAnyWritingOfItsName(t *testing.T) {
	for _, host := range []string{"GitHub.com", "github.com.", "ssh.dev.azure.com", "vs-ssh.visualstudio.com", "git.sr.ht"} {
		if !isForge("work", host, "git") {
			t.Errorf("%q is a forge", host)
		}
	}
	for _, host := range []string{"github.com.example", "mygithub.com", "git", "legit.example"} {
		if isForge("work", host, "root") {
			t.Errorf("%q is no forge", host)
		}
	}
}
