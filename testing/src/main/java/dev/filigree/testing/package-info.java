/** What the tests of several packages share. */
@NullMarked
package dev.filigree.testing;

import org.jspecify.annotations.NullMarked;
