package cms

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/demo/content"
)

// Errors of the operations on articles. An operation that answers an error has
// changed nothing.
var (
	ErrNotFound = errors.New("there is no such article")
	ErrConflict = errors.New("the article was saved by somebody else in the meantime")
)

// InvalidError says which fields of an article need another value.
type InvalidError struct{ Fields []content.FieldError }

// Error names every field with its fault.
func (e *InvalidError) Error() string {
	texts := make([]string, len(e.Fields))
	for i, field := range e.Fields {
		texts[i] = field.Error()
	}
	return "the article is not valid: " + strings.Join(texts, "; ")
}

// Edit holds the fields that an author writes.
type Edit struct {
	Title   string `json:"title"`
	Slug    string `json:"slug"` // empty: made from the title
	Summary string `json:"summary"`
	Body    string `json:"body"`
	Author  string `json:"author"`
	Version int    `json:"version,omitempty"` // the version that was edited; 0: whichever is there
	Publish bool   `json:"publish,omitempty"` // publish together with saving
}

// Result is an operation's outcome.
type Result struct {
	Article content.Article `json:"article"`
	Version int             `json:"version"`
	Change  *Change         `json:"change"` // nil: nothing changed for the public
}

// Create adds an article: a draft, unless edit.Publish says otherwise.
func (c *CMS) Create(edit Edit, actor string) (Result, error) {
	return c.commit(actor, func(s *state) (before, after *record, err error) {
		s.Articles = append(s.Articles, record{Article: content.Article{ID: fmt.Sprint(s.NextID), Status: content.Draft}})
		s.NextID++
		r := &s.Articles[len(s.Articles)-1]
		edit.apply(r)
		return nil, r, s.checkEdit(r)
	})
}

// Update saves an article. Saving without a change does nothing.
func (c *CMS) Update(id string, edit Edit, actor string) (Result, error) {
	return c.change(id, actor, func(s *state, r *record) error {
		if edit.Version != 0 && edit.Version != r.Version {
			return ErrConflict
		}
		edit.apply(r)
		return s.checkEdit(r)
	})
}

// Publish puts an article on the public site.
func (c *CMS) Publish(id, actor string) (Result, error) {
	return c.change(id, actor, func(_ *state, r *record) error {
		r.Status = content.Published
		return nil
	})
}

// Unpublish takes an article off the public site and keeps it as a draft.
func (c *CMS) Unpublish(id, actor string) (Result, error) {
	return c.change(id, actor, func(_ *state, r *record) error {
		r.Status = content.Draft
		return nil
	})
}

// Delete removes an article for good.
func (c *CMS) Delete(id, actor string) (Result, error) {
	return c.commit(actor, func(s *state) (before, after *record, err error) {
		i := s.article(id)
		if i < 0 {
			return nil, nil, ErrNotFound
		}
		removed := s.Articles[i]
		s.Articles = append(s.Articles[:i], s.Articles[i+1:]...)
		return &removed, nil, nil
	})
}

func (c *CMS) change(id, actor string, fn func(*state, *record) error) (Result, error) {
	return c.commit(actor, func(s *state) (before, after *record, err error) {
		i := s.article(id)
		if i < 0 {
			return nil, nil, ErrNotFound
		}
		old := s.Articles[i]
		return &old, &s.Articles[i], fn(s, &s.Articles[i])
	})
}

// commit runs one operation: the edit and the change that announces it are stored in one
// step, then the delivery is woken.
func (c *CMS) commit(actor string, fn func(*state) (before, after *record, err error)) (Result, error) {
	if detail := content.CheckLine(actor, content.MaxAuthor); detail != "" {
		return Result{}, &InvalidError{Fields: []content.FieldError{{Field: "actor", Detail: detail}}}
	}
	var result Result
	err := c.store.update(func(s *state) error {
		before, after, err := fn(s)
		if err != nil {
			return err
		}
		result = c.settle(s, before, after, actor)
		return nil
	})
	if err != nil {
		return Result{}, err
	}
	if result.Change != nil {
		c.wakeUp()
	}
	return result, nil
}

// settle stamps a changed article, and queues a change if the public sees it.
func (c *CMS) settle(s *state, before, after *record, actor string) Result {
	now := time.Now().UTC().Truncate(time.Second)
	if after != nil && (before == nil || before.Article != after.Article) {
		after.Version++
		after.UpdatedAt = now
	}
	subject := after
	if subject == nil {
		subject = before
	}
	result := Result{Article: subject.Article, Version: subject.Version}
	action := actionFor(before, after)
	if action == "" {
		return result
	}
	change := c.newChange("article/"+subject.ID, subject.Title, actor, action)
	change.Link = c.editLink(after)
	subject.ChangeID = change.ID
	c.queue(s, change)
	result.Change = &change
	return result
}

// actionFor is the action that the public will notice; "" for none.
func actionFor(before, after *record) string {
	was := before != nil && before.Status == content.Published
	is := after != nil && after.Status == content.Published
	switch {
	case !was && is:
		return ActionPublish
	case was && after == nil:
		return ActionDelete
	case was && !is:
		return ActionUnpublish
	case was && is && before.Version != after.Version:
		return ActionUpdate
	}
	return ""
}

func (c *CMS) newChange(entity, title, actor, action string) Change {
	return Change{ID: "chg-" + rand.Text(), Entity: entity, Title: title, Actor: actor, Action: action, At: time.Now().UTC()}
}

// editLink leads to the article in this CMS, or to the list if it was deleted.
func (c *CMS) editLink(r *record) string {
	if c.opts.URL == "" {
		return ""
	}
	base := strings.TrimSuffix(c.opts.URL, "/")
	if r == nil {
		return base + "/"
	}
	return base + "/articles/" + r.ID
}

// apply writes the edit into the record, tidied so that the same text sent by
// a browser (CRLF line ends) and by the API compares as equal.
func (e Edit) apply(r *record) {
	r.Title = strings.TrimSpace(e.Title)
	r.Slug = strings.TrimSpace(e.Slug)
	if r.Slug == "" {
		r.Slug = content.Slug(r.Title)
	}
	r.Summary = strings.TrimSpace(e.Summary)
	r.Body = strings.TrimSpace(strings.ReplaceAll(e.Body, "\r\n", "\n"))
	r.Author = strings.TrimSpace(e.Author)
	if e.Publish {
		r.Status = content.Published
	}
}

func (s *state) checkEdit(r *record) error {
	errs := r.Validate()
	for _, other := range s.Articles {
		if other.ID != r.ID && other.Slug == r.Slug {
			errs = append(errs, content.FieldError{Field: "slug", Detail: fmt.Sprintf("is already the address of %q: please choose another", other.Title)})
		}
	}
	if len(errs) > 0 {
		return &InvalidError{Fields: errs}
	}
	return nil
}
