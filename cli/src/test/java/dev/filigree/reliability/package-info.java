/** Faults injected into real runs; the profile {@code reliability} runs them. */
@org.jspecify.annotations.NullMarked
package dev.filigree.reliability;
