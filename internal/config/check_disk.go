package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// checkOnDisk looks for the files and folders that a site names on this machine, so that
// a typing mistake is found before the first release.
func checkOnDisk(k *checker, key string, s Site) {
	checkSecrets(k, key, s)
	if folder := s.Source.Folder; folder != "" {
		at := absolute(k.folder, folder)
		if why := folderProblem(at); why != "" {
			k.wrong(key+".source.folder", "%s; expected the folder of the frontend", why)
			return
		}
		checkScript(k, key+".install.command", s.Install.Command, at)
		checkScript(k, key+".build.command", s.Build.Command, at)
	}
	if git := s.Source.Git; git != "" && !strings.Contains(git, ":") {
		if why := folderProblem(absolute(k.folder, git)); why != "" {
			k.wrong(key+".source.git", "%s; expected a repository", why)
		}
	}
	checkRulesFile(k, key+".deploy.rules", s.Deploy.Rules)
	checkSecretFile(k, key+".build.export_token_file", s.Build.ExportTokenFile)
	checkSecretFile(k, key+".deploy.cdn.secret_file", s.Deploy.CDN.SecretFile)
}

// checkSecrets looks for the files with a site's secrets, without which the app can't serve it.
func checkSecrets(k *checker, key string, s Site) {
	checkSecretFile(k, key+".before.secret_file", s.Before.SecretFile)
	for i, schedule := range s.Schedules {
		checkSecretFile(k, fmt.Sprintf("%s.schedules[%d].before.secret_file", key, i), schedule.Before.SecretFile)
	}
	for i, h := range s.Hooks {
		checkSecretFile(k, fmt.Sprintf("%s.hooks[%d].secret_file", key, i), h.SecretFile)
	}
	for i, t := range s.Notify {
		at := fmt.Sprintf("%s.notify[%d]", key, i)
		for name, file := range map[string]string{
			".url_file": t.URLFile, ".secret_file": t.SecretFile, ".slack.token_file": t.Slack.TokenFile,
			".smtp.password_file": t.SMTP.PasswordFile, ".smtp.ca_file": t.SMTP.CAFile,
		} {
			checkSecretFile(k, at+name, file)
		}
	}
}

func folderProblem(at string) string {
	info, err := os.Stat(at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("there is no folder %s on this machine", at)
	case err != nil:
		return fmt.Sprintf("%s can't be looked at: %v", at, err)
	case !info.IsDir():
		return at + " is a file"
	}
	return ""
}

// checkScript looks for a command that begins with a path of the source.
func checkScript(k *checker, key, command, source string) {
	word, _, _ := strings.Cut(strings.TrimSpace(command), " ")
	if !k.Has(key) || !strings.Contains(word, "/") || strings.ContainsAny(word, "$`\"'*?;&|<>(){}=\\") {
		return // the shell would interpret it
	}
	at := word
	if !filepath.IsAbs(at) {
		at = filepath.Join(source, word)
	}
	info, err := os.Stat(at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		k.wrong(key, "there is no %s; expected a command, or a script in %s", at, source)
	case err == nil && info.IsDir():
		k.wrong(key, "%s is a folder; expected a command", at)
	case err == nil && info.Mode()&0o111 == 0:
		k.wrong(key, "%s is not executable; expected chmod +x of it, or sh before it", at)
	}
}

func checkRulesFile(k *checker, key, name string) {
	if !k.Has(key) || name == "" {
		return
	}
	at := absolute(k.folder, name)
	text, err := os.ReadFile(filepath.Clean(at))
	if err == nil {
		_, err = rules.ParseRules(text)
	}
	if err != nil {
		k.wrong(key, "%s can't be used: %v; expected a JSON file with rules", at, err)
	}
}

func checkSecretFile(k *checker, key, name string) {
	if !k.Has(key) || name == "" {
		return
	}
	at := absolute(k.folder, name)
	if text, err := os.ReadFile(filepath.Clean(at)); err != nil {
		k.wrong(key, "the secret can't be read: %v; expected a file that this user can read", err)
	} else if strings.TrimSpace(string(text)) == "" {
		k.wrong(key, "%s is empty; expected a file with the secret", at)
	}
}
