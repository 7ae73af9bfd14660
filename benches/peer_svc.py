#!/usr/bin/env python3
"""What scikit-learn makes of the same labelled rows: a LinearSVC over TF-IDF of words and of runs of characters, tried
on the folds of `minsheng model eval` (rows dealt by a hash of their texts), so that both can be run side by side.

    pip install scikit-learn jieba xxhash
    minsheng model eval FILE… --labels department --alone
    benches/peer_svc.py department FILE…
"""

import json
import sys

import jieba
import xxhash
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import accuracy_score, f1_score
from sklearn.svm import LinearSVC

FOLDS = 5


def words(text):
    return [word for word in jieba.lcut(text) if word.strip()]


def main(label, files):
    rows = [json.loads(line) for name in files for line in open(name, encoding="utf-8") if line.strip()]
    rows = [row for row in rows if row.get(label)]
    texts = [f"{row.get('title', '')}\n{row['text']}" for row in rows]
    fold = [xxhash.xxh3_64_intdigest(row["text"].encode()) % FOLDS for row in rows]
    given = [None] * len(rows)
    for part in range(FOLDS):
        seen = [at for at in range(len(rows)) if fold[at] != part]
        unseen = [at for at in range(len(rows)) if fold[at] == part]
        makers = [
            TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2),
            TfidfVectorizer(tokenizer=words, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        ]
        learned = hstack([maker.fit_transform([texts[at] for at in seen]) for maker in makers])
        asked = hstack([maker.transform([texts[at] for at in unseen]) for maker in makers])
        machine = LinearSVC().fit(learned, [rows[at][label] for at in seen])
        for at, answer in zip(unseen, machine.predict(asked)):
            given[at] = answer
    right = [row[label] for row in rows]
    labels = sorted(set(right))
    print(f"{label}: {len(rows)} rows, right {accuracy_score(right, given):.3f},"
          f" macro-F1 {f1_score(right, given, labels=labels, average='macro', zero_division=0):.3f}")


if __name__ == "__main__":
    jieba.setLogLevel(60)
    main(sys.argv[1], sys.argv[2:])
