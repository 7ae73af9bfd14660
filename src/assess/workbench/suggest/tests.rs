//! The search for words as a whole, on small invented posts.
