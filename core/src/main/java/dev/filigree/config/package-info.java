/** Configuration as a tree of nodes that know their location, read from YAML, JSON or a map. */
@NullMarked
package dev.filigree.config;

import org.jspecify.annotations.NullMarked;
