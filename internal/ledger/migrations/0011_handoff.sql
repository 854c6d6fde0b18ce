-- Hand-offs: until when the content is live that a notice says to be, up to when a
-- target has taken that, since when it has not as it should, and what targets answer.

ALTER TABLE notices ADD COLUMN answer TEXT NOT NULL DEFAULT '';
ALTER TABLE notices ADD COLUMN watermark_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE notice_targets ADD COLUMN handed_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE notice_targets ADD COLUMN late_us BIGINT NOT NULL DEFAULT 0;
