"""Controls that Streamlit lacks, each with a little HTML and JavaScript of its own."""
