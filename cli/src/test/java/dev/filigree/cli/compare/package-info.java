@NullMarked
package dev.filigree.cli.compare;

import org.jspecify.annotations.NullMarked;
