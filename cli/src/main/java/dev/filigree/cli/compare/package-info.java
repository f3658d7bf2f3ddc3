/** Comparisons: which runs a file asks for, how they are run, and what came out. */
@NullMarked
package dev.filigree.cli.compare;

import org.jspecify.annotations.NullMarked;
