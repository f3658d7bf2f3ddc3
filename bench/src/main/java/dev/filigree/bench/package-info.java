/** Benchmarks: what we claim to be fast, beside what it is compared with, in one run. */
@NullMarked
package dev.filigree.bench;

import org.jspecify.annotations.NullMarked;
