/** The report of a run: {@code report.html} and the pictures in it. */
@NullMarked
package dev.filigree.zoo.report;

import org.jspecify.annotations.NullMarked;
