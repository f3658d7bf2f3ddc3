@NullMarked
package dev.filigree.zoo.report;

import org.jspecify.annotations.NullMarked;
