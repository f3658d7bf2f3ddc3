@NullMarked
package dev.filigree.cli;

import org.jspecify.annotations.NullMarked;
