/** The command line: one class a command. */
@NullMarked
package dev.filigree.cli;

import org.jspecify.annotations.NullMarked;
