/**
 * Files that are there whole or not at all, hashes and JSON, for Filigree's own packages; no part
 * of the public interface.
 */
@NullMarked
package dev.filigree.io;

import org.jspecify.annotations.NullMarked;
