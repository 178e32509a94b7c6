// Empty: it carries the precompiled header that the tests share.
