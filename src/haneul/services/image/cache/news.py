"""Word to the cache that an image is no more."""

from haneul.kernel.db.news import News

news = News()
