package link

import "time"

// SetPostsLife makes sessions of posts shorter.
func (l *Link) SetPostsLife(d time.Duration) { l.postsLife = d }
